"""The output of text tasks, with models and without, and the text as it is written."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from genwarden import OutputError
from genwarden._core.texts import ShownText
from genwarden.types import TextPiece
from pydantic import BaseModel

from .conftest import Both
from .script import Script, job, problem, task, version
from .test_events import Stream, Streams, block


class Step(BaseModel):
    name: str
    days: int


class Plan(BaseModel):
    title: str
    steps: list[Step]


PLAN = {"title": "Yard", "steps": [{"name": "dig", "days": 2}]}


def finished(**more: Any) -> httpx.Response:
    return version("1", job("succeeded", task(0, **more)))


def test_a_schema_goes_into_the_input_and_makes_a_model(both: Both) -> None:
    script = Script(httpx.Response(202, json=job("queued")), finished(output=PLAN))
    both.run(script, lambda client: client.submit({"kind": "text", "input": {"prompt": "plan"}}, schema=Plan))
    assert json.loads(script.requests[0].content)["input"] == {"prompt": "plan", "schema": Plan.model_json_schema()}
    plan = both.run(script, lambda client: client.output("j1", schema=Plan))
    assert plan == Plan(title="Yard", steps=[Step(name="dig", days=2)])


def test_a_schema_of_the_request_is_kept(both: Both) -> None:
    script = Script(httpx.Response(202, json=job("queued")))
    given = {"kind": "text", "input": {"schema": {"type": "string"}}}
    both.run(script, lambda client: client.submit(given, schema={"type": "object"}))
    both.run(script, lambda client: client.submit({"kind": "text"}, schema={"type": "object"}))
    sent = [json.loads(request.content)["input"]["schema"]["type"] for request in script.requests]
    assert sent == ["string", "object"]


def test_a_json_schema_and_none_give_the_json(both: Both) -> None:
    assert both.run(Script(finished(output=PLAN)), lambda client: client.output("j1")) == PLAN
    assert (
        both.run(Script(finished(output=PLAN)), lambda client: client.output("j1", schema={"type": "object"})) == PLAN
    )


def test_a_large_output_is_an_artifact(both: Both) -> None:
    for media_type, content, expected in (
        ("application/json; charset=utf-8", json.dumps(PLAN).encode(), PLAN),
        ("text/plain", "\u00e9".encode(), "\u00e9"),
    ):
        stored = httpx.Response(200, content=content, headers={"content-type": media_type})
        assert (
            both.run(Script(finished(artifacts=[{"name": "output"}]), stored), lambda client: client.output("j1"))
            == expected
        )


FAILURE = {"code": "PromptRefused", "message": "The model refused.", "hint": "Change it."}


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (version("1", job("failed", task(0, "failed", error=FAILURE))), "PromptRefused"),
        (version("1", job("cancelled", task(0, "cancelled", message="Cancelled by a client."))), "Cancelled"),
        (version("1", job("needs_review", task(0, "needs_review"), awaitsReview=True)), "AwaitingReview"),
        (version("1", job("running")), "TaskNotFound"),
        (finished(), "NoOutput"),
        (finished(output={"title": "Yard", "steps": [{"name": "dig", "days": "two"}]}), "OutputMismatch"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_task_without_a_usable_output_says_why(both: Both, answer: httpx.Response, code: str) -> None:
    with pytest.raises(OutputError) as raised:
        both.run(Script(answer, problem(500)), lambda client: client.output("j1", schema=Plan))
    assert (raised.value.code, raised.value.job, raised.value.task) == (code, "j1", 0)
    assert raised.value.hint
    assert [issue.path for issue in raised.value.issues] == (["steps[0].days"] if code == "OutputMismatch" else [])


def test_output_ends_with_its_task_and_not_with_the_job(both: Both) -> None:
    script = Script(
        version("1", job("running", task(0, "running"), task(1, "running"))),
        version("2", job("running", task(0, "running"), task(1, output="done"))),
        problem(500),
    )
    assert both.run(script, lambda client: client.output("j1", "task-1")) == "done"


def piece(text: str, offset: int, attempt: int = 1) -> TextPiece:
    return {"run": 1, "attempt": attempt, "offset": offset, "text": text}


def test_text_comes_once_through_lost_connections_and_attempts(both: Both) -> None:
    def progress(part: TextPiece) -> bytes:
        return block("progress", {"task": 0, "partial": part})

    running, done = job("running", task(0, "running")), task(0, output="Once upon a time", attempt=2)
    script = Streams(
        httpx.Response(200, json=running),
        Stream(block("snapshot", running, "e-1"), progress(piece("One", 0)), progress(piece(" day", 3)), lost=True),
        Stream(progress(piece("One day", 0)), progress(piece("Once", 0, attempt=2)), lost=True),
        Stream(progress(piece("Once up", 0, attempt=2)), block("task", {"task": 0, "state": "succeeded"}, "e-2")),
        httpx.Response(200, json=job("succeeded", done)),
    )
    found = both.run(script, lambda client: client.text("j1"))
    shown = [(each["attempt"], each["offset"], each["text"]) for each in found]
    assert shown == [(1, 0, "One"), (1, 3, " day"), (2, 0, "Once"), (2, 4, " up"), (2, 7, "on a time")]


def test_offsets_count_as_javascript_does() -> None:
    shown = ShownText()
    assert shown.next(piece("a\U0001f600", 0)) == piece("a\U0001f600", 0)
    assert shown.next(piece("\U0001f600b", 1)) == piece("b", 3)
    assert shown.next(piece("a\U0001f600b", 0)) is None
    # A piece may end between the two halves of a character.
    assert shown.next(piece("\ud83d", 4)) == piece("\ud83d", 4)
    assert shown.next(piece("\ude00c", 5)) == piece("\ude00c", 5)


def test_a_failed_text_raises_after_its_pieces(both: Both) -> None:
    running = job("running", task(0, "running"))
    script = Streams(
        httpx.Response(200, json=running),
        Stream(block("snapshot", running, "e-1"), block("task", {"task": 0, "state": "failed"}, "e-2")),
        httpx.Response(200, json=job("failed", task(0, "failed", error=FAILURE))),
    )
    with pytest.raises(OutputError) as raised:
        both.run(script, lambda client: client.text("j1"))
    assert raised.value.code == "PromptRefused"
