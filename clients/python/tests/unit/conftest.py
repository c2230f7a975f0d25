"""Runs each test with both clients, against scripted answers and with a clock that only sleeps move."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest
from genwarden import AsyncClient, Client
from genwarden._async import connection as async_connection
from genwarden._async import waits as async_waits
from genwarden._sync import connection as sync_connection
from genwarden._sync import waits as sync_waits

Handler = Callable[[httpx.Request], httpx.Response]
Work = Callable[[Any], Any]


class Clock:
    """Time that passes only in sleeps, and while a handler says so."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    async def sleep_async(self, seconds: float) -> None:
        self.sleep(seconds)


class Both:
    """One of the two clients, with the same interface."""

    def __init__(self, kind: str, clock: Clock) -> None:
        self.kind = kind
        self.clock = clock

    def run(self, handler: Handler, work: Work, **options: Any) -> Any:
        """What `work` makes of a client whose requests `handler` answers; an iterator becomes a list."""
        transport = httpx.MockTransport(handler)
        if self.kind == "sync":
            with httpx.Client(transport=transport) as http, Client("http://api", http=http, **options) as client:
                return _collected(work(client))
        return asyncio.run(self._run_async(transport, work, options))

    async def _run_async(self, transport: httpx.MockTransport, work: Work, options: dict[str, Any]) -> Any:
        async with (
            httpx.AsyncClient(transport=transport) as http,
            AsyncClient("http://api", http=http, **options) as client,
        ):
            return await _collected_async(work(client))


def _collected(result: Any) -> Any:
    return list(result) if inspect.isgenerator(result) else result


async def _collected_async(result: Any) -> Any:
    if isinstance(result, AsyncIterator):
        return [each async for each in result]
    return await result if isinstance(result, Awaitable) else result


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    for module in (async_connection, async_waits, sync_connection, sync_waits):
        monkeypatch.setattr(module, "time", clock)
        is_async = module in (async_connection, async_waits)
        monkeypatch.setattr(module, "sleep", clock.sleep_async if is_async else clock.sleep)
    return clock


@pytest.fixture(params=["sync", "async"])
def both(request: pytest.FixtureRequest, clock: Clock) -> Both:
    return Both(request.param, clock)


@pytest.fixture(autouse=True)
def _without_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "GENWARDEN_URL",
        "GENWARDEN_TOKEN",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "http_proxy",
        "https_proxy",
    ):
        monkeypatch.delenv(name, raising=False)
