"""
Schemas for the output of text tasks: a Pydantic model, or a JSON Schema. Only the form of a model counts: the client does not
import Pydantic.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, TypeVar

from ..errors import OutputIssue
from ..types import SubmitRequest


class Model(Protocol):
    """A class of Pydantic 2, or another one with these two methods."""

    @classmethod
    def model_json_schema(cls) -> dict[str, Any]: ...

    @classmethod
    def model_validate(cls, obj: Any, /) -> Any: ...


M = TypeVar("M", bound=Model)
Schema = type[Model] | Mapping[str, Any]


class Mismatch(Exception):
    """The output does not match the model."""

    def __init__(self, issues: tuple[OutputIssue, ...]) -> None:
        super().__init__()
        self.issues = issues


def with_schema(request: SubmitRequest, schema: Schema | None) -> Mapping[str, Any]:
    """The request with the schema as `input.schema`, unless it has one."""
    given = request.get("input") or {}
    if schema is None or "schema" in given:
        return request
    as_json = schema if isinstance(schema, Mapping) else schema.model_json_schema()
    return {**request, "input": {**given, "schema": as_json}}


def parsed(output: Any, schema: Schema | None) -> Any:
    """A JSON Schema accepts each output, because a worker has checked it. Raises `Mismatch`."""
    if schema is None or isinstance(schema, Mapping):
        return output
    try:
        return schema.model_validate(output)
    except ValueError as error:
        raise Mismatch(_issues(error)) from error


def _issues(error: ValueError) -> tuple[OutputIssue, ...]:
    list_errors = getattr(error, "errors", None)
    if list_errors is None:
        return (OutputIssue("", str(error)),)
    return tuple(OutputIssue(_path(each["loc"]), str(each["msg"])) for each in list_errors())


def _path(keys: tuple[str | int, ...]) -> str:
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys).removeprefix(".")
