"""The calls that follow a job: they survive restarts of the API and lost connections."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from typing import Any, overload

import httpx

from .._core import answers, requests
from .._core.settings import HOLD, SILENCE
from .._core.sse import EventParser
from .._core.states import Finished, is_at_rest, job_has_finished
from ..errors import ApiError, WaitTimeout
from ..types import AnyJobEvent, Job, JobEvent, Task
from .base import Calls
from .connection import Connection
from .runtime import sleep

SHORTEST_POLL = 0.5
"""Seconds between two reads, should the server not hold its answers."""
RECONNECT_AFTER = 0.5
KNOWN_EVENTS = ("snapshot", "task", "job", "progress", "waiting", "reset")


class WaitCalls(Calls):
    async def wait(
        self,
        job: str,
        *,
        timeout: float | None = None,
        through_review: bool = False,
        until: Callable[[Job], bool] | None = None,
        on_change: Callable[[Job], object] | None = None,
        give_up_after: float | None = None,
    ) -> Job:
        """
        Waits until the job has finished, or waits for nothing but a reviewer: then `review` decides. With `through_review` it
        waits on, and with `until` it also ends once that is true of the job. `on_change` is called with the job after each
        change. Raises `WaitTimeout` after `timeout` seconds. `give_up_after` limits how long it retries while the API does not
        answer, in seconds; default: five minutes.
        """
        versions = JobVersions(self._connection, job, timeout, give_up_after)
        while True:
            current = await versions.next()
            if on_change is not None:
                on_change(current)
            if is_at_rest(current, through_review=through_review) or (until is not None and until(current)):
                return current

    async def watch(
        self,
        job: str,
        *,
        timeout: float | None = None,
        through_review: bool = False,
        on_change: Callable[[Job], object] | None = None,
        give_up_after: float | None = None,
    ) -> AsyncIterator[Task]:
        """
        Yields each finished task (succeeded, failed or cancelled) once, with its artifacts: first those that have finished
        already, then each as it finishes. A task that is retried and finishes again is yielded again, with its next `run`. Ends
        when the job has finished or waits for nothing but a reviewer. The options are those of `wait`.
        """
        versions = JobVersions(self._connection, job, timeout, give_up_after)
        finished = Finished()
        while True:
            current = await versions.next()
            if on_change is not None:
                on_change(current)
            for task in finished.new_in(current):
                yield task
            if is_at_rest(current, through_review=through_review):
                return

    @overload
    def events(
        self, job: str, *, last_event_id: str | None = None, give_up_after: float | None = None
    ) -> AsyncIterator[JobEvent]: ...
    @overload
    def events(
        self, job: None = None, *, last_event_id: str | None = None, give_up_after: float | None = None
    ) -> AsyncIterator[AnyJobEvent]: ...
    async def events(
        self, job: str | None = None, *, last_event_id: str | None = None, give_up_after: float | None = None
    ) -> AsyncIterator[Any]:
        """
        The events of a job until it has finished, or of all jobs of the tenant: a snapshot, then each transition once, in order,
        through restarts of the API and lost connections. `last_event_id`, the `id` of an event, resumes after it. If too many
        were missed, a `reset` comes before a new snapshot.
        """
        path = "/v1/events" if job is None else requests.job_path(job, "events")
        last = last_event_id
        limit = self._connection.settings.give_up_waiting_after if give_up_after is None else give_up_after
        while True:
            headers = {"accept": "text/event-stream"} | ({} if last is None else {"last-event-id": last})
            request = requests.get(path, headers=headers, held=SILENCE)
            response = await self._connection.opened(request, self._connection.retries(request, limit))
            try:
                if response.status_code == 204:  # The job has finished, and all its events were sent.
                    return
                async for event in events_of(response):
                    last = event.get("id", last)
                    yield event
                    if job is not None and event["event"] == "job" and job_has_finished(event["data"]):
                        return
            finally:
                await response.aclose()
            await sleep(RECONNECT_AFTER)


async def events_of(response: httpx.Response) -> AsyncIterator[dict[str, Any]]:
    """The events of one connection. Ends, and never raises, when it is lost."""
    parser = EventParser()
    try:
        async for data in response.aiter_bytes():
            for event in parser.feed(data):
                # The token was revoked or has expired: the next connection is refused, unless there is a new token by then.
                if event["event"] == "problem":
                    return
                if event["event"] in KNOWN_EVENTS:
                    yield event
    except httpx.TransportError:
        return


class JobVersions:
    """Reads a job now, and then each time it has changed."""

    def __init__(
        self,
        connection: Connection,
        job: str,
        timeout: float | None,
        give_up_after: float | None,
    ) -> None:
        self._connection = connection
        self._job = job
        self._timeout = timeout
        self._ends = None if timeout is None else time.monotonic() + timeout
        self._give_up_after = connection.settings.give_up_waiting_after if give_up_after is None else give_up_after
        self._tag: str | None = None

    async def next(self) -> Job:
        """Raises `WaitTimeout`, and what requests raise."""
        while True:
            asked = time.monotonic()
            response = await self._read(self._hold(asked))
            if response.status_code != 304:
                tag = answers.tag_of(response)
                if tag != self._tag:
                    self._tag = tag
                    job: Job = answers.value_of(response)
                    return job
            await sleep(max(0.0, min(self._hold(asked), asked + SHORTEST_POLL - time.monotonic())))

    def _hold(self, now: float) -> float:
        """For how long the API may hold the answer."""
        if self._ends is None or self._tag is None:
            return HOLD
        left = self._ends - now
        if left <= 0:
            raise WaitTimeout(self._job, self._timeout or 0)
        return min(HOLD, left)

    async def _read(self, hold: float) -> httpx.Response:
        request = requests.held_job(self._job, self._tag, hold)
        limit = self._give_up_after
        if self._ends is not None:
            limit = max(0.0, min(limit, self._ends - time.monotonic()))
        try:
            return await self._connection.answer(request, self._connection.retries(request, limit))
        except ApiError as error:
            # A token that expires during the wait ends it. There may be a new one by now.
            if error.status != 401 or self._tag is None:
                raise
            return await self._connection.answer(request, self._connection.retries(request, limit))
