"""Reduces JSON schemas and Python types to one form, so that they can be compared field by field."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping, Sequence
from typing import Any, Literal, Union

import genwarden.types as declared

Shape = Any
"""
A frozenset of alternatives: the name of a simple type, ("enum", values), ("list", shape), ("map", shape) or
("object", fields), where fields are (name, is required, shape). "any" stands alone.
"""

ANY: Shape = frozenset({"any"})


def shape_of_schema(schema: Mapping[str, Any] | bool, document: Mapping[str, Any]) -> Shape:
    if isinstance(schema, bool):
        return ANY
    if "$ref" in schema:
        return shape_of_schema(_resolved(schema["$ref"], document), document)
    if "contentSchema" in schema:  # JSON in a text.
        return shape_of_schema(schema["contentSchema"], document)
    if "const" in schema:
        return _one_of([("enum", frozenset([schema["const"]])) if schema["const"] is not None else "null"])
    if "enum" in schema:
        values = [value for value in schema["enum"] if value is not None]
        return _one_of([("enum", frozenset(values)), *(["null"] if None in schema["enum"] else [])])
    for word in ("anyOf", "oneOf"):
        if word in schema:
            return _merged([shape_of_schema(each, document) for each in schema[word]])
    if "allOf" in schema:
        return _all_of([shape_of_schema(each, document) for each in schema["allOf"]])
    kinds = schema.get("type")
    if isinstance(kinds, list):
        return _merged([shape_of_schema({**schema, "type": kind}, document) for kind in kinds])
    return _of_kind(kinds, schema, document)


def _resolved(reference: str, document: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Any = document
    for key in reference.removeprefix("#/").split("/"):
        found = found[key]
    return typing.cast(Mapping[str, Any], found)


def _of_kind(kind: str | None, schema: Mapping[str, Any], document: Mapping[str, Any]) -> Shape:
    match kind:
        case None:
            return ANY
        case "array":
            return _one_of([("list", shape_of_schema(schema.get("items", {}), document))])
        case "object" if "properties" in schema:
            required = schema.get("required", [])
            fields = [
                (name, name in required, shape_of_schema(each, document)) for name, each in schema["properties"].items()
            ]
            return _one_of([("object", frozenset(fields))])
        case "object":
            values = schema.get("additionalProperties", True)
            # zod describes an object without fields as one that has none.
            return (
                _one_of([("object", frozenset())])
                if values is False
                else _one_of([("map", shape_of_schema(values, document))])
            )
        case "integer" | "number" | "string" | "boolean" | "null":
            return _one_of([kind])
    raise AssertionError(f"no shape is known for {schema}")


_SIMPLE = {int: "integer", float: "number", str: "string", bool: "boolean", type(None): "null"}


def shape_of_type(annotation: Any) -> Shape:
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if annotation is Any:
        return ANY
    if annotation in _SIMPLE:
        return _one_of([_SIMPLE[annotation]])
    if annotation is None:
        return _one_of(["null"])
    if typing.is_typeddict(annotation):
        return _one_of([("object", frozenset(_fields(annotation)))])
    if origin is Literal:
        return _one_of([("enum", frozenset(arguments))])
    if origin in (Union, types.UnionType):
        return _merged([shape_of_type(each) for each in arguments])
    if origin in (list, Sequence):
        return _one_of([("list", shape_of_type(arguments[0]))])
    if origin in (dict, Mapping):
        return _one_of([("map", shape_of_type(arguments[1]))])
    raise AssertionError(f"no shape is known for {annotation}")


def _fields(kind: Any) -> list[tuple[str, bool, Shape]]:
    hints = typing.get_type_hints(kind, vars(declared))
    return [(name, name in kind.__required_keys__, shape_of_type(hint)) for name, hint in hints.items()]


def _one_of(alternatives: Sequence[Any]) -> Shape:
    return frozenset(alternatives)


def _merged(shapes: Sequence[Shape]) -> Shape:
    """One of several. Objects become one with the fields of all, because the document does not always tell them apart."""
    alternatives = frozenset().union(*shapes)
    if "any" in alternatives:
        return ANY
    objects = [{name: rest for name, *rest in each[1]} for each in alternatives if each[0] == "object"]
    enums = [each[1] for each in alternatives if each[0] == "enum"]
    others = {each for each in alternatives if each[0] not in ("object", "enum")}
    if enums and "string" not in others:
        others.add(("enum", frozenset().union(*enums)))
    if objects:
        names = {name for each in objects for name in each}
        fields = []
        for name in names:
            having = [each[name] for each in objects if name in each]
            required = len(having) == len(objects) and all(each[0] for each in having)
            fields.append((name, required, _merged([each[1] for each in having])))
        others.add(("object", frozenset(fields)))
    return frozenset(others)


def _all_of(shapes: Sequence[Shape]) -> Shape:
    """Objects that add fields to each other."""
    fields: set[Any] = set()
    for shape in shapes:
        for alternative in shape:
            assert alternative[0] == "object", f"allOf of {alternative}"
            fields |= alternative[1]
    return _one_of([("object", frozenset(fields))])


def differences(document: Shape, client: Shape, path: str = "") -> list[str]:
    """Each difference with its place; empty if there is none."""
    if document == client:
        return []
    inner = [_single(document, kind) for kind in ("list", "map", "object")]
    outer = [_single(client, kind) for kind in ("list", "map", "object")]
    found: list[str] = []
    if _rest(document) != _rest(client) or [each is None for each in inner] != [each is None for each in outer]:
        found.append(f"{path or 'it'}: the document has {_text(document)}, the client {_text(client)}")
    for ours, theirs, suffix in zip(inner[:2], outer[:2], ("[]", "{}"), strict=True):
        if ours is not None and theirs is not None:
            found += differences(ours, theirs, f"{path}{suffix}")
    if inner[2] is not None and outer[2] is not None:
        found += _field_differences(inner[2], outer[2], path)
    return found


def _field_differences(document: Any, client: Any, path: str) -> list[str]:
    ours = {name: (required, shape) for name, required, shape in document}
    theirs = {name: (required, shape) for name, required, shape in client}
    found = [f"{path}.{name}: only the document has it" for name in sorted(ours.keys() - theirs.keys())]
    found += [f"{path}.{name}: only the client has it" for name in sorted(theirs.keys() - ours.keys())]
    for name in sorted(ours.keys() & theirs.keys()):
        if ours[name][0] != theirs[name][0]:
            found.append(f"{path}.{name}: it is {'required' if ours[name][0] else 'optional'} in the document")
        found += differences(ours[name][1], theirs[name][1], f"{path}.{name}")
    return found


def _single(shape: Shape, kind: str) -> Any:
    found = [each[1] for each in shape if each[0] == kind]
    assert len(found) <= 1, f"several {kind}s in {shape}"
    return found[0] if found else None


def _rest(shape: Shape) -> Shape:
    return frozenset(each for each in shape if each[0] not in ("list", "map", "object"))


def _text(shape: Shape) -> str:
    return " | ".join(sorted(each if isinstance(each, str) else f"{each[0]} {_values(each)}".strip() for each in shape))


def _values(alternative: Any) -> str:
    return ", ".join(sorted(map(str, alternative[1]))) if alternative[0] == "enum" else ""
