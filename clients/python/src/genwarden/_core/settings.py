"""The address, the token and the limits of a client."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version

import httpx

Token = str | Callable[[], str]

GIVE_UP_AFTER = 30.0
"""Seconds for which a call is retried while the API does not answer."""
GIVE_UP_WAITING_AFTER = 300.0
"""The same for calls that follow a job, which survive a restart of the API."""
TIMEOUT = httpx.Timeout(connect=5, read=60, write=60, pool=60)
SILENCE = 45.0
"""The API sends something on an event stream every 15 s: a connection that misses three of them is dead."""
HOLD = 30.0
"""Seconds for which the API holds the answer of a wait."""


@dataclass(frozen=True)
class Settings:
    url: str
    give_up_after: float
    give_up_waiting_after: float
    headers: Mapping[str, str]
    _token: Token | None = field(repr=False)

    def headers_now(self) -> dict[str, str]:
        """Asks for the token each time, because it may change."""
        token = self._token() if callable(self._token) else self._token
        return {**self.headers, **({} if token is None else {"authorization": f"Bearer {token}"})}


def settings_of(url: str | None, token: Token | None, namespace: str | None, give_up_after: float | None) -> Settings:
    address = url or os.environ.get("GENWARDEN_URL") or "http://127.0.0.1:8080"
    if not address.startswith(("http://", "https://")):
        raise ValueError(f"The url must begin with http:// or https://, but it is {address!r}")
    headers = {"user-agent": f"genwarden-python/{_version()}"}
    if namespace is not None:
        headers["genwarden-namespace"] = namespace
    bearer = token if token is not None else os.environ.get("GENWARDEN_TOKEN") or None
    calls, waits = (GIVE_UP_AFTER, GIVE_UP_WAITING_AFTER) if give_up_after is None else (give_up_after, give_up_after)
    return Settings(address.rstrip("/"), calls, waits, headers, bearer)


def shown(url: str) -> str:
    """The address without a password."""
    return str(httpx.URL(url).copy_with(userinfo=b"", query=None))


def timeout_of(read: float | None, left: float) -> httpx.Timeout:
    """An attempt does not take longer than the call may be retried, but at least a second."""
    wanted = TIMEOUT if read is None else httpx.Timeout(TIMEOUT, read=read)
    if left <= 0:
        return wanted
    cap = max(1.0, left)
    phases = (wanted.connect, wanted.read, wanted.write, wanted.pool)
    connect, reading, write, pool = (cap if phase is None else min(phase, cap) for phase in phases)
    return httpx.Timeout(connect=connect, read=reading, write=write, pool=pool)


def _version() -> str:
    try:
        return version("genwarden")
    except PackageNotFoundError:
        return "0"
