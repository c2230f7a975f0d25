"""`wait` and `watch`: what ends them, what they yield, and what they do with a server of another version."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from genwarden import ApiError, ApiUnreachable, WaitTimeout

from .conftest import Both
from .script import NOT_MODIFIED, Script, job, problem, task, version


def watch(client: Any) -> Any:
    return client.watch("j1")


def wait(client: Any) -> Any:
    return client.wait("j1")


def test_watch_yields_each_finished_task_once(both: Both) -> None:
    picture = {"name": "image", "mediaType": "image/png"}
    done = task(1, artifacts=[picture])
    script = Script(
        version("1", job("running", task(0, "running"), done)),
        NOT_MODIFIED,
        httpx.ReadError("reset"),
        version("1", job("running", task(0, "running"), done)),
        problem(503),
        version("2", job("running", task(0, "failed"), done, task(2, "queued"))),
        version("3", job("failed", task(0, "failed"), done, task(2, "cancelled"))),
    )
    found = both.run(script, watch)
    assert [(each["index"], each["state"]) for each in found] == [(1, "succeeded"), (0, "failed"), (2, "cancelled")]
    assert found[0]["artifacts"] == [picture]
    tags = [request.headers.get("if-none-match") for request in script.requests]
    assert tags == [None, '"1"', '"1"', '"1"', '"1"', '"1"', '"2"']
    assert [request.url.params.get("wait") for request in script.requests] == [None, *["30000ms"] * 6]


def test_watch_yields_a_task_again_that_finished_in_another_run(both: Both) -> None:
    script = Script(
        version("1", job("running", task(0, "failed"), task(1, "running"))),
        version("2", job("running", task(0, "running", run=2), task(1))),
        version("3", job("succeeded", task(0, "succeeded", run=2), task(1))),
    )
    found = [(each["index"], each["run"], each["state"]) for each in both.run(script, watch)]
    assert found == [(0, 1, "failed"), (1, 1, "succeeded"), (0, 2, "succeeded")]


def test_both_end_at_a_review_unless_told_otherwise(both: Both) -> None:
    waiting = version("1", job("needs_review", task(0), task(1, "needs_review"), awaitsReview=True))
    approved = version("2", job("succeeded", task(0), task(1)))
    assert [each["index"] for each in both.run(Script(waiting), watch)] == [0]
    assert both.run(Script(waiting), wait)["state"] == "needs_review"
    through = both.run(Script(waiting, approved), lambda client: client.watch("j1", through_review=True))
    assert [each["index"] for each in through] == [0, 1]
    assert (
        both.run(Script(waiting, approved), lambda client: client.wait("j1", through_review=True))["state"]
        == "succeeded"
    )


def test_wait_reports_changes_and_ends_early_on_request(both: Both) -> None:
    seen: list[str] = []
    script = Script(version("1", job("queued")), version("2", job("running")), version("3", job("succeeded")))
    options = {"on_change": lambda job: seen.append(job["state"]), "until": lambda job: job["state"] == "running"}
    assert both.run(script, lambda client: client.wait("j1", **options))["state"] == "running"
    assert seen == ["queued", "running"]


@pytest.mark.parametrize("call", [wait, watch])
def test_an_unknown_state_counts_by_the_time_at_which_the_job_finished(both: Both, call: Any) -> None:
    paused, archived = (
        job("paused", task(0, "paused", dueAt="2026-01-01T00:00:00Z")),
        job("archived", task(0, "archived")),
    )
    script = Script(version("1", paused), version("2", {**archived, "finishedAt": "2026-01-01T00:00:00Z"}))
    result = both.run(script, call)
    assert (result[0] if call is watch else result)["state"] == "archived"
    assert len(script.requests) == 2


@pytest.mark.parametrize("answer", [NOT_MODIFIED, version("1", job("queued"))], ids=["304", "the same version"])
def test_a_server_that_does_not_hold_its_answer_is_asked_twice_a_second(both: Both, answer: httpx.Response) -> None:
    script = Script(version("1", job("queued")), answer)
    with pytest.raises(WaitTimeout):
        both.run(script, lambda client: client.wait("j1", timeout=10))
    assert len(script.requests) <= 22


@pytest.mark.parametrize("call", ["wait", "watch"])
def test_a_timeout_ends_the_wait_in_time(both: Both, call: str) -> None:
    def hold(request: httpx.Request) -> httpx.Response:
        both.clock.now += float(request.url.params["wait"].removesuffix("ms")) / 1000
        return httpx.Response(304)

    started = both.clock.now
    with pytest.raises(WaitTimeout) as raised:
        both.run(Script(version("1", job("running")), hold), lambda client: getattr(client, call)("j1", timeout=70))
    assert both.clock.now - started == pytest.approx(70, abs=0.1)
    assert isinstance(raised.value, TimeoutError)
    assert str(raised.value).startswith("Job j1 has not finished within 70 s (WaitTimeout)")


@pytest.mark.parametrize("limit", [None, 12])
def test_waits_survive_five_minutes_without_an_answer_or_as_long_as_told(both: Both, limit: float | None) -> None:
    started = both.clock.now
    with pytest.raises(ApiUnreachable):
        both.run(
            Script(version("1", job("running")), httpx.ConnectError("refused")),
            lambda client: client.wait("j1", give_up_after=limit),
        )
    waited = both.clock.now - started
    assert (limit or 300) - 5 <= waited <= (limit or 300)


def test_a_token_that_expires_during_a_wait_is_asked_for_again(both: Both) -> None:
    tokens = ["old", "old", "new"]
    script = Script(version("1", job("running")), problem(401, "Unauthorized"), version("2", job("succeeded")))
    assert both.run(script, wait, token=lambda: tokens.pop(0))["state"] == "succeeded"
    assert [request.headers["authorization"] for request in script.requests] == [
        "Bearer old",
        "Bearer old",
        "Bearer new",
    ]


def test_a_token_that_was_revoked_ends_the_wait(both: Both) -> None:
    with pytest.raises(ApiError) as raised:
        both.run(Script(version("1", job("running")), problem(401, "Unauthorized")), wait, token="t")
    assert raised.value.code == "Unauthorized"


def test_an_answer_without_etag_names_the_proxy(both: Both) -> None:
    with pytest.raises(ApiError, match="without an ETag"):
        both.run(Script(httpx.Response(200, json=job("queued"))), wait)


def test_a_job_that_is_deleted_meanwhile_ends_the_watch(both: Both) -> None:
    with pytest.raises(ApiError) as raised:
        both.run(Script(version("1", job("running")), problem(404, "JobNotFound")), watch)
    assert raised.value.code == "JobNotFound"
