"""Event streams: the parser, and what the client does when a connection ends."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from genwarden import ApiError
from genwarden._core.sse import EventParser

from .conftest import Both
from .script import Script, job, problem


def block(event: str, data: Any, identity: str | None = None) -> bytes:
    head = "" if identity is None else f"id: {identity}\n"
    return f"{head}event: {event}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n".encode()


class Stream(httpx.SyncByteStream, httpx.AsyncByteStream):
    """The pieces of a body, after which the connection is lost, or ends."""

    def __init__(self, *pieces: bytes, lost: bool = False) -> None:
        self.pieces = pieces
        self.lost = lost
        self.closed = False

    def __iter__(self) -> Iterator[bytes]:
        yield from self.pieces
        if self.lost:
            raise httpx.ReadError("reset")

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self:
            yield piece

    def close(self) -> None:
        self.closed = True

    async def aclose(self) -> None:
        self.closed = True


class Streams(Script):
    """A script of streams."""

    def __init__(self, *streams: Stream | httpx.Response) -> None:
        super().__init__(*[self.sender(each) for each in streams])

    @staticmethod
    def sender(each: Stream | httpx.Response) -> Any:
        return (lambda _: httpx.Response(200, stream=each)) if isinstance(each, Stream) else each


SNAPSHOT = block("snapshot", job("running"), "e-1")
TASK = block("task", {"task": 0, "state": "succeeded", "text": "line\u2028end \U0001f600 \u00e9"}, "e-2")
END = block("job", job("succeeded"), "e-2")


def events(client: Any) -> Any:
    return client.events("j1")


def names(found: list[dict[str, Any]]) -> list[str]:
    return [each["event"] for each in found]


def test_events_arrive_whole_in_pieces_of_any_size() -> None:
    text = b": alive\n\n" + SNAPSHOT + TASK + b"event: no-data\n\n" + END
    expected = EventParser().feed(text)
    assert names(expected) == ["snapshot", "task", "job"]
    assert expected[1]["data"]["text"] == "line\u2028end \U0001f600 \u00e9"
    assert [each["id"] for each in expected] == ["e-1", "e-2", "e-2"]
    for ending in (b"\n", b"\r\n", b"\r"):
        varied = text.replace(b"\n", ending)
        for size in range(1, 40):
            parser = EventParser()
            pieces = [varied[at : at + size] for at in range(0, len(varied), size)]
            found = [event for piece in pieces for event in parser.feed(piece)]
            # A carriage return at the very end may be half of a line end.
            assert found + parser.feed(b"\n") == expected, (ending, size)


def test_several_data_lines_are_joined() -> None:
    assert EventParser().feed(b"event: x\ndata: [1,\ndata:2]\n\n") == [{"event": "x", "data": [1, 2]}]


@pytest.mark.parametrize("lost", [True, False], ids=["lost", "ended"])
def test_a_new_connection_resumes_after_the_last_event(both: Both, lost: bool) -> None:
    script = Streams(Stream(SNAPSHOT, TASK[:20], lost=lost), problem(503), Stream(TASK, END))
    assert names(both.run(script, events)) == ["snapshot", "task", "job"]
    assert [request.headers.get("last-event-id") for request in script.requests] == [None, "e-1", "e-1"]
    assert {request.headers["accept"] for request in script.requests} == {"text/event-stream"}
    assert {request.extensions["timeout"]["read"] for request in script.requests} == {45}
    assert len(both.clock.slept) == 2


def test_a_stream_resumes_where_the_caller_says(both: Both) -> None:
    script = Streams(Stream(TASK, END))
    assert names(both.run(script, lambda client: client.events("j1", last_event_id="e-1"))) == ["task", "job"]
    assert script.requests[0].headers["last-event-id"] == "e-1"


def test_a_stream_of_a_finished_job_has_an_end(both: Both) -> None:
    assert names(both.run(Streams(Stream(SNAPSHOT), httpx.Response(204)), events)) == ["snapshot"]


def test_a_revoked_token_ends_the_stream_with_the_error(both: Both) -> None:
    script = Streams(Stream(SNAPSHOT, block("problem", {"status": 401})), problem(401, "Unauthorized"))
    with pytest.raises(ApiError) as raised:
        both.run(script, events)
    assert raised.value.code == "Unauthorized"


def test_events_of_a_newer_server_are_skipped(both: Both) -> None:
    script = Streams(Stream(SNAPSHOT, block("weather", {}, "e-9"), END))
    assert names(both.run(script, events)) == ["snapshot", "job"]


def test_all_jobs_have_another_address(both: Both) -> None:
    script = Streams(Stream(SNAPSHOT), problem(403, "Forbidden"))
    with pytest.raises(ApiError):
        both.run(script, lambda client: client.events())
    assert [request.url.path for request in script.requests] == ["/v1/events"] * 2


def test_a_caller_that_stops_closes_the_connection(both: Both) -> None:
    stream = Stream(SNAPSHOT, TASK, END)

    async def first_async(client: Any) -> Any:
        found = client.events("j1")
        event = await anext(found)
        await found.aclose()
        return event

    def first(client: Any) -> Any:
        return next(client.events("j1"))

    assert both.run(Streams(stream), first if both.kind == "sync" else first_async)["event"] == "snapshot"
    assert stream.closed
