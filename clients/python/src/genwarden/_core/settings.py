"""The address, the token and the limits of a client."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import httpx

from .._version import __version__

Token = str | Callable[[], str]

GIVE_UP_AFTER = 30.0
"""Seconds for which a call is retried while the API does not answer."""
GIVE_UP_WAITING_AFTER = 300.0
"""The same for calls that follow a job, which survive a restart of the API."""
CONNECT_TIMEOUT = 5.0
TIMEOUT = 60.0
"""Seconds without a byte, after which an attempt has failed."""
LIMITS = httpx.Limits(max_connections=500, max_keepalive_connections=100)
"""Each wait and each event stream holds a connection."""
SILENCE = 45.0
"""An API sends something on an event stream every 3 s, of an earlier version every 15 s: one that misses three of those is dead."""
HOLD = 30.0
"""Seconds for which the API holds the answer of a wait."""


@dataclass(frozen=True)
class Settings:
    url: str = field(repr=False)
    """It may hold a password."""
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
    headers = {"user-agent": f"genwarden-python/{__version__}"}
    if namespace is not None:
        headers["genwarden-namespace"] = namespace
    bearer = token if token is not None else os.environ.get("GENWARDEN_TOKEN") or None
    calls, waits = (GIVE_UP_AFTER, GIVE_UP_WAITING_AFTER) if give_up_after is None else (give_up_after, give_up_after)
    return Settings(address.rstrip("/"), calls, waits, headers, bearer)


def shown(url: str) -> str:
    """The address without a password."""
    return str(httpx.URL(url).copy_with(userinfo=b"", query=None))


def timeout_of(held: float | None, left: float) -> httpx.Timeout:
    """
    An attempt does not take longer than the call may be retried, but at least a second. `held`: for how long the API may send
    nothing, because it holds the answer.
    """
    cap = max(1.0, left) if left > 0 else float("inf")
    usual = min(TIMEOUT, cap)
    return httpx.Timeout(connect=min(CONNECT_TIMEOUT, cap), read=held or usual, write=usual, pool=usual)
