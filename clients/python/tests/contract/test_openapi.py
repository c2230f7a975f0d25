"""The types and calls of the client are those of the OpenAPI document in the file that GENWARDEN_CONTRACT names."""

from __future__ import annotations

import copy
import json
import os
import typing
from pathlib import Path
from typing import Any, TypedDict

import genwarden.types as t
import httpx
import pytest
from genwarden import Client

from ..unit.script import job
from .shapes import differences, shape_of_schema, shape_of_type


class CancelBody(TypedDict, total=False):
    running: typing.Literal["stop", "finish"]


class RetryBody(TypedDict, total=False):
    tasks: list[str | int]


PauseBody = TypedDict("PauseBody", {"for": str}, total=False)


class LinksBody(TypedDict, total=False):
    expiresIn: str


class FixBody(TypedDict):
    tasks: list[t.StuckReference]


class Nothing(TypedDict):
    pass


def items(kind: Any) -> Any:
    return TypedDict("Items", {"items": list[kind], "next": None})  # type: ignore[operator]


TYPES: dict[str, Any] = {
    "POST /v1/jobs body": t.SubmitRequest,
    "POST /v1/jobs 200": t.SubmittedJob,
    "POST /v1/jobs 202": t.SubmittedJob,
    "GET /v1/jobs 200": t.JobPage,
    "GET /v1/jobs/{id} 200": t.Job,
    "GET /v1/jobs/{id}/history 200": items(t.Transition),
    "POST /v1/jobs/{id}/cancel body": CancelBody,
    "POST /v1/jobs/{id}/cancel 200": t.Job,
    "POST /v1/jobs/{id}/links body": LinksBody,
    "POST /v1/jobs/{id}/links 200": t.JobLinks,
    "POST /v1/jobs/{id}/retry body": RetryBody,
    "POST /v1/jobs/{id}/retry 202": t.Job,
    "POST /v1/jobs/{id}/tasks/{task}/review body": t.ReviewRequest,
    "POST /v1/jobs/{id}/tasks/{task}/review 200": t.Job,
    "POST /v1/jobs/{id}/tasks/{task}/review 202": t.Job,
    "GET /v1/activity 200": t.Activity,
    "GET /v1/settings 200": items(t.Setting),
    "GET /v1/jobs/{id}/tasks/{task}/input 200": t.ModelInput,
    "GET /v1/workers 200": items(t.Worker),
    "GET /v1/pools 200": items(t.Pool),
    "POST /v1/pools/{pool}/pause body": PauseBody,
    "POST /v1/pools/{pool}/pause 200": t.PausedPool,
    "POST /v1/pools/{pool}/resume body": Nothing,
    "POST /v1/pools/{pool}/resume 200": t.Pool,
    "GET /v1/jobs/{id}/explain 200": t.ExplainedJob,
    "GET /v1/stuck 200": t.StuckList,
    "POST /v1/stuck/fix body": FixBody,
    "POST /v1/stuck/fix 200": items(t.FixedTask),
    "GET /v1/doctor 200": t.Checklist,
    "POST /v1/artifacts 201": t.UploadedReference,
    "GET /v1/webhooks/dead 200": t.WebhookDeliveryPage,
    "POST /v1/webhooks/dead/{id}/resend body": Nothing,
    "POST /v1/webhooks/dead/{id}/resend 202": t.WebhookDelivery,
}

CALLS: dict[str, typing.Callable[[Any], Any]] = {
    "POST /v1/jobs": lambda client: client.submit({"kind": "image"}),
    "GET /v1/jobs": lambda client: client.list_page(
        state="open", pool="p", kind="image", labels={"a": "b"}, search="s", page_size=1, cursor="c"
    ),
    "GET /v1/jobs/{id}": lambda client: (client.get("j1", task_state=["failed"], tasks=False), client.wait("j1")),
    "DELETE /v1/jobs/{id}": lambda client: client.delete("j1"),
    "GET /v1/jobs/{id}/history": lambda client: client.history("j1"),
    "GET /v1/jobs/{id}/events": lambda client: list(client.events("j1")),
    "GET /v1/events": lambda client: list(client.events()),
    "GET /v1/jobs/{id}/explain": lambda client: client.explain("j1"),
    "POST /v1/jobs/{id}/cancel": lambda client: client.cancel("j1"),
    "POST /v1/jobs/{id}/links": lambda client: client.links("j1", expires_in="1h"),
    "POST /v1/jobs/{id}/retry": lambda client: client.retry("j1"),
    "POST /v1/jobs/{id}/tasks/{task}/review": lambda client: client.review("j1", "t1", "approve", run=1),
    "GET /v1/jobs/{id}/tasks/{task}/artifacts/{name}": lambda client: client.read(
        "j1", "t1", "image", run=2, redirect=True
    ),
    "GET /v1/jobs/{id}/tasks/{task}/input": lambda client: client.input("j1", "t1"),
    "GET /v1/jobs/{id}/tasks/{task}/references/{n}": lambda client: client.reference("j1", "t1", 2, redirect=True),
    "POST /v1/artifacts": lambda client: client.upload(b"\x89PNG\r\n\x1a\n"),
    "GET /v1/activity": lambda client: client.activity(),
    "GET /v1/settings": lambda client: client.settings(),
    "GET /v1/workers": lambda client: client.workers(),
    "GET /v1/pools": lambda client: client.pools(),
    "POST /v1/pools/{pool}/pause": lambda client: client.pause_pool("p1"),
    "POST /v1/pools/{pool}/resume": lambda client: client.resume_pool("p1"),
    "GET /v1/stuck": lambda client: client.stuck(older_than="5m", job="j1", pool="p1"),
    "POST /v1/stuck/fix": lambda client: client.fail_stuck([]),
    "GET /v1/doctor": lambda client: client.doctor(provider=False),
    "GET /v1/webhooks/dead": lambda client: list(client.dead_webhooks()),
    "POST /v1/webhooks/dead/{id}/resend": lambda client: client.resend_webhook("d1"),
}

FOR_PROBES = {"GET /healthz", "GET /readyz"}
"""Kubernetes asks for them; the client has no methods for them."""
NOT_SENT = {"POST /v1/jobs": {"wait"}}
"""The client waits with `wait` after the submit."""

OF_OTHER_CALLS = {"list", "watch", "text", "output", "download", "stream"}
"""These methods use those of other operations."""


@pytest.fixture(scope="module")
def contract() -> Any:
    return json.loads(Path(os.environ["GENWARDEN_CONTRACT"]).read_text("utf-8"))


@pytest.fixture(scope="module")
def document(contract: Any) -> Any:
    return contract["document"]


def operations(document: Any) -> dict[str, Any]:
    return {
        f"{method.upper()} {path}": operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method in ("get", "post", "put", "patch", "delete")
    }


def schemas(document: Any) -> dict[str, Any]:
    """Each JSON schema of a request or a successful answer, by its place."""
    found: dict[str, Any] = {}
    for name, operation in operations(document).items():
        body = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if body is not None:
            found[f"{name} body"] = body["schema"]
        for status, response in operation["responses"].items():
            if "$ref" in response:
                response = document["components"]["responses"][response["$ref"].split("/")[-1]]  # noqa: PLW2901
            content = response.get("content", {}).get("application/json")
            # Not the bytes of an artifact that happen to be JSON.
            is_bytes = content is not None and content["schema"].get("format") == "binary"
            if content is not None and status.startswith("2") and not is_bytes:
                found[f"{name} {status}"] = content["schema"]
    return found


def is_for_probes(place: str) -> bool:
    return any(place.startswith(f"{name} ") for name in FOR_PROBES)


def test_the_client_has_every_operation(document: Any) -> None:
    assert sorted(CALLS) == sorted(operations(document).keys() - FOR_PROBES)


def test_every_schema_has_a_type(document: Any) -> None:
    assert sorted(TYPES) == sorted(place for place in schemas(document) if not is_for_probes(place))


@pytest.mark.parametrize("place", TYPES)
def test_types_agree_field_by_field(document: Any, place: str) -> None:
    assert differences(shape_of_schema(schemas(document)[place], document), shape_of_type(TYPES[place])) == []


@pytest.mark.parametrize(
    ("name", "kind"), [("GET /v1/jobs/{id}/events", t.JobEvent), ("GET /v1/events", t.AnyJobEvent)]
)
def test_events_agree(document: Any, name: str, kind: Any) -> None:
    content = operations(document)[name]["responses"]["200"]["content"]["text/event-stream"]
    union = resolved_schema(content["schema"], document)
    events = {name_of_event(each, document): each for each in union.get("oneOf") or union["anyOf"]}
    events.pop("problem")  # The client raises it.
    types = {typing.get_args(each.__annotations__["event"])[0]: each for each in typing.get_args(kind)}
    assert sorted(events) == sorted(types)
    for event, schema in events.items():
        assert differences(shape_of_schema(schema, document), shape_of_type(types[event]), event) == []


def name_of_event(schema: Any, document: Any) -> str:
    event = resolved_schema(schema, document)["properties"]["event"]
    return str(event["const"] if "const" in event else event["enum"][0])


def resolved_schema(schema: Any, document: Any) -> Any:
    return document["components"]["schemas"][schema["$ref"].split("/")[-1]] if "$ref" in schema else schema


def test_problems_agree(document: Any) -> None:
    problem = shape_of_schema(document["components"]["schemas"]["Problem"], document)
    assert differences(problem, shape_of_type(t.Problem)) == []


def test_codes_are_those_of_the_catalogue(contract: Any) -> None:
    assert sorted(typing.get_args(t.ErrorCode)) == sorted(contract["codes"])


CHANGES: dict[str, tuple[typing.Callable[[Any], Any], str]] = {
    "added": (lambda fields: fields.update(added={"type": "string"}), ".added: only the document has it"),
    "removed": (lambda fields: fields.pop("tenant"), ".tenant: only the client has it"),
    "retyped": (
        lambda fields: fields.update(pool={"type": "integer"}),
        ".pool: the document has integer, the client string",
    ),
    "nullable": (
        lambda fields: fields.update(pool={"anyOf": [{"type": "string"}, {"type": "null"}]}),
        ".pool: the document has null | string, the client string",
    ),
    "another word": (
        lambda fields: fields.update(kind={"enum": ["image"]}),
        ".kind: the document has enum image, the client",
    ),
    "nested": (
        lambda fields: fields["labels"].update(additionalProperties={"type": "number"}),
        ".labels{}: the document has number, the client string",
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_difference_in_one_field_is_found(document: Any, name: str) -> None:
    change, says = CHANGES[name]
    changed = copy.deepcopy(document)
    schema = schemas(changed)["GET /v1/jobs/{id} 200"]
    target = resolved_schema(schema, changed)
    change(target["properties"])
    found = differences(shape_of_schema(target, changed), shape_of_type(t.Job))
    assert [each for each in found if says in each] != []


def test_the_client_sends_every_query_parameter_and_no_other(document: Any) -> None:
    sent: dict[str, set[str]] = {}

    def answer(request: httpx.Request) -> httpx.Response:
        names = {"j1": "{id}", "d1": "{id}", "t1": "{task}", "p1": "{pool}"}
        path = "/".join(names.get(part, part) for part in request.url.path.split("/"))
        path = path.replace("artifacts/image", "artifacts/{name}").replace("references/2", "references/{n}")
        name = f"{request.method} {path}"
        first = name not in sent
        sent.setdefault(name, set()).update(request.url.params)
        if "events" in path:
            return httpx.Response(204)
        state = "queued" if first or not request.url.params.get("wait") else "succeeded"
        return httpx.Response(
            200,
            json={**job(state), "items": [], "next": "c" if first else None},
            headers={"etag": '"1"' if first else f'"{state}"'},
        )

    with httpx.Client(transport=httpx.MockTransport(answer)) as http, Client("http://api", http=http) as client:
        for call in CALLS.values():
            call(client)
    documented = {
        name: query_of(operation, document) - NOT_SENT.get(name, set())
        for name, operation in operations(document).items()
        if name not in FOR_PROBES
    }
    assert sent == documented


def query_of(operation: Any, document: Any) -> set[str]:
    parameters = [resolved(each, document) for each in operation.get("parameters", [])]
    return {each["name"] for each in parameters if each["in"] == "query"}


def resolved(parameter: Any, document: Any) -> Any:
    if "$ref" not in parameter:
        return parameter
    return document["components"]["parameters"][parameter["$ref"].split("/")[-1]]


def test_every_call_has_an_operation() -> None:
    used: set[str] = set()

    class Recorder:
        def __getattr__(self, name: str) -> Any:
            used.add(name)
            return lambda *_, **__: []

    for call in CALLS.values():
        call(Recorder())
    methods = {name for name in dir(Client) if not name.startswith("_")}
    assert used == methods - {"close", *OF_OTHER_CALLS}
