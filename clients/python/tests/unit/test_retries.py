"""Which failures the client retries, for how long, and what it raises then."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any

import httpx
import pytest
from genwarden import ApiError, ApiUnreachable, GenwardenError, __version__
from genwarden._core import answers
from genwarden._core.retries import Retries

from .conftest import Both, Clock
from .script import Script, job, problem

Calls = dict[str, Callable[[Any], Any]]

REPEATABLE: Calls = {
    "get": lambda client: client.get("j1"),
    "submit": lambda client: client.submit({"kind": "image", "input": {"prompt": "x"}}),
    "cancel": lambda client: client.cancel("j1"),
    "delete": lambda client: client.delete("j1"),
    "upload": lambda client: client.upload(b"\x89PNG\r\n\x1a\n"),
}
NOT_REPEATABLE: Calls = {
    "retry": lambda client: client.retry("j1"),
    "review": lambda client: client.review("j1", 0, "approve", run=1),
    "pause_pool": lambda client: client.pause_pool("default", length="5m"),
    "fail_stuck": lambda client: client.fail_stuck([{"job": "j1", "task": 0, "sequence": 3}]),
}
DONE = httpx.Response(200, json={**job("queued"), "items": []})
LOST_ANSWERS = [
    problem(502, "Unknown"),
    problem(503),
    problem(504, "Unknown"),
    httpx.ReadError("reset"),
    httpx.ReadTimeout("silent"),
    httpx.RemoteProtocolError("cut"),
    httpx.WriteError("reset"),
]


@pytest.mark.parametrize("failure", LOST_ANSWERS, ids=repr)
@pytest.mark.parametrize("name", REPEATABLE)
def test_a_call_that_is_safe_to_repeat_is_repeated(both: Both, name: str, failure: Any) -> None:
    script = Script(failure, failure, DONE)
    both.run(script, REPEATABLE[name])
    assert len(script.requests) == 3
    first, *others = [
        (each.method, each.url, each.content, each.headers.get("idempotency-key")) for each in script.requests
    ]
    assert others == [first, first]


@pytest.mark.parametrize("failure", LOST_ANSWERS, ids=repr)
@pytest.mark.parametrize("name", NOT_REPEATABLE)
def test_a_call_that_may_have_had_its_effect_is_not(both: Both, name: str, failure: Any) -> None:
    script = Script(failure, DONE)
    with pytest.raises((ApiError, ApiUnreachable)) as raised:
        both.run(script, NOT_REPEATABLE[name])
    assert len(script.requests) == 1
    assert raised.value.may_have_applied
    assert both.clock.slept == []


@pytest.mark.parametrize("failure", [problem(429, "TooManyRequests"), httpx.ConnectError("refused")], ids=repr)
@pytest.mark.parametrize("name", [*REPEATABLE, *NOT_REPEATABLE])
def test_a_call_that_had_no_effect_is_repeated(both: Both, name: str, failure: Any) -> None:
    script = Script(failure, failure, DONE)
    both.run(script, (REPEATABLE | NOT_REPEATABLE)[name])
    assert len(script.requests) == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 422, 500, 507])
def test_other_refusals_are_raised_at_once(both: Both, status: int) -> None:
    script = Script(problem(status, "InvalidRequest", errors=[{"path": "kind", "message": "is missing"}]))
    with pytest.raises(ApiError) as raised:
        both.run(script, REPEATABLE["get"])
    error = raised.value
    assert (len(script.requests), error.status, error.code, error.title) == (
        1,
        status,
        "InvalidRequest",
        "InvalidRequest",
    )
    assert (error.detail, error.hint, error.request_id) == ("InvalidRequest!", "Try this.", "r1")
    assert error.errors == [{"path": "kind", "message": "is missing"}]
    assert str(error) == "InvalidRequest! (InvalidRequest). Try this."
    assert not error.may_have_applied


def test_each_submit_has_its_own_key_unless_the_caller_gives_one(both: Both) -> None:
    script = Script(DONE)
    both.run(script, REPEATABLE["submit"])
    both.run(script, REPEATABLE["submit"])
    both.run(script, lambda client: client.submit({"kind": "image"}, idempotency_key="order-66"))
    keys = [request.headers["idempotency-key"] for request in script.requests]
    assert len(set(keys)) == 3
    assert keys[2] == "order-66"


def test_retry_after_is_obeyed(both: Both) -> None:
    both.run(Script(problem(429, retry_after=7), problem(503, retry_after=3), DONE), REPEATABLE["get"])
    assert both.clock.slept == [7, 3]


def test_a_retry_after_beyond_the_limit_is_raised_at_once(both: Both) -> None:
    with pytest.raises(ApiError) as raised:
        both.run(Script(problem(503, retry_after=31)), REPEATABLE["get"])
    assert raised.value.retry_after == 31
    assert both.clock.slept == []


@pytest.mark.parametrize("hours", [2, 10**9, 10**400])
def test_a_retry_after_of_hours_is_never_slept_for(both: Both, hours: int) -> None:
    with pytest.raises(ApiError) as raised:
        both.run(Script(problem(429, retry_after=hours * 3600)), lambda client: client.wait("j1", give_up_after=1e9))
    assert both.clock.slept == []
    named = re.search(r"Try again at (.*)\.$", str(raised.value))
    if hours == 2:
        at = datetime.strptime(named[1] if named else "", "%Y-%m-%dT%H:%M:%S%z")
        assert 7_100 < at.timestamp() - time.time() < 7_300
    else:
        assert named is None


@pytest.mark.parametrize("limit", [0, 0.1, 2, 30])
def test_the_client_never_sleeps_past_its_limit(both: Both, limit: float) -> None:
    started = both.clock.now
    with pytest.raises(ApiUnreachable) as raised:
        both.run(Script(httpx.ConnectError("refused")), REPEATABLE["submit"], give_up_after=limit)
    assert both.clock.now - started <= limit
    assert str(raised.value).startswith("http://api does not answer: refused (NoAnswer). ")
    assert not raised.value.may_have_applied


def test_a_limit_of_one_call_replaces_that_of_the_client(both: Both) -> None:
    with pytest.raises(ApiUnreachable):
        both.run(
            Script(httpx.ConnectError("refused")), lambda client: client.submit({"kind": "image"}, give_up_after=1)
        )
    assert sum(both.clock.slept) <= 1


def test_a_submit_that_may_have_been_stored_gives_its_key(both: Both) -> None:
    for failures, may_have_applied in (
        ([httpx.ReadError("reset"), httpx.ConnectError("refused")], True),
        ([problem(503)], True),
        ([problem(500, "InternalError")], True),
        ([httpx.ConnectError("refused")], False),
        ([problem(429)], False),
        ([problem(422, "InvalidRequest")], False),
    ):
        script = Script(*failures)
        with pytest.raises(GenwardenError) as raised:
            both.run(script, REPEATABLE["submit"])
        key = script.requests[0].headers["idempotency-key"]
        assert (raised.value.may_have_applied, raised.value.idempotency_key) == (
            may_have_applied,
            key if may_have_applied else None,
        )


def test_a_read_has_no_effect(both: Both) -> None:
    with pytest.raises(ApiUnreachable) as raised:
        both.run(Script(httpx.ReadError("reset")), REPEATABLE["get"])
    assert not raised.value.may_have_applied


def test_a_retry_after_may_be_a_date(both: Both) -> None:
    date = format_datetime(datetime.now(timezone.utc) + timedelta(minutes=10), usegmt=True)
    refused = httpx.Response(503, headers={"retry-after": date}, text="busy")
    with pytest.raises(ApiError) as raised:
        both.run(Script(refused), REPEATABLE["get"])
    assert 500 < (raised.value.retry_after or 0) <= 600
    assert answers.seconds("soon") is None


def test_a_call_that_an_older_api_lacks_names_the_versions(both: Both) -> None:
    with pytest.raises(ApiError, match=f"older than this client \\({re.escape(__version__)}\\)"):
        both.run(Script(problem(404, "RouteNotFound")), lambda client: client.doctor())


def test_delays_grow_to_a_ceiling_and_spread() -> None:
    for chance, share in ((0.0, 0.5), (1.0, 1.0)):
        retries = Retries(repeatable=True, changes=False, give_up_after=1_000, started=0)
        delays = [retries.delay(httpx.ConnectError("x"), 0, chance) for _ in range(8)]
        assert delays == [each * share for each in (0.25, 0.5, 1, 2, 4, 5, 5, 5)]


def test_every_request_has_timeouts_and_none_outlasts_the_limit(both: Both) -> None:
    script = Script(DONE)
    both.run(script, REPEATABLE["get"], give_up_after=600)
    both.run(script, REPEATABLE["get"], give_up_after=4)
    long, short = [request.extensions["timeout"] for request in script.requests]
    assert long == {"connect": 5, "read": 60, "write": 60, "pool": 60}
    assert short == {"connect": 4, "read": 4, "write": 4, "pool": 4}


def test_a_delete_whose_answer_was_lost_has_deleted(both: Both) -> None:
    gone = problem(404, "JobNotFound")
    assert both.run(Script(httpx.ReadError("reset"), gone), REPEATABLE["delete"]) is None
    with pytest.raises(ApiError, match="JobNotFound"):
        both.run(Script(gone), REPEATABLE["delete"])


@pytest.mark.parametrize("content", [b"<html>", b"", b'{"a": 1}'])
def test_an_answer_of_something_else_names_the_address(both: Both, content: bytes) -> None:
    with pytest.raises(ApiError) as raised:
        both.run(Script(httpx.Response(404, content=content)), REPEATABLE["get"])
    assert (raised.value.code, raised.value.status) == ("Unknown", 404)
    assert "http://api/v1/jobs/j1 answered 404 without a problem document" in raised.value.detail
    assert "address" in raised.value.hint


def test_html_with_status_200_is_an_error(both: Both) -> None:
    with pytest.raises(ApiError, match="answered 200 without JSON"):
        both.run(Script(httpx.Response(200, text="<html>")), REPEATABLE["get"])


def test_a_redirect_is_not_followed_and_named(both: Both) -> None:
    script = Script(httpx.Response(308, headers={"location": "https://api/v1/jobs/j1"}))
    with pytest.raises(ApiError, match="redirects to https://api/v1/jobs/j1"):
        both.run(script, REPEATABLE["get"], token="secret")
    assert len(script.requests) == 1


def test_a_clock_is_not_needed_without_failures(both: Both, clock: Clock) -> None:
    both.run(Script(DONE), REPEATABLE["get"])
    assert clock.slept == []
