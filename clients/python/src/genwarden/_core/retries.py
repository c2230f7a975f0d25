"""Decides whether a request is sent again, and when. Time and randomness come in as arguments."""

from __future__ import annotations

import random
from dataclasses import dataclass

import httpx

from ..errors import ApiError

FIRST_DELAY = 0.25
LONGEST_DELAY = 5.0
LONGEST_RETRY_AFTER = 300.0
"""A caller should learn of a longer delay instead of sleeping, however long it would retry."""

NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
"""The server has not seen the request, so every request may be sent again."""

PROCESSED_PERHAPS = (502, 503, 504)


@dataclass
class Retries:
    """The failures of one call. `give_up_after`: seconds from the start after which it is not retried."""

    repeatable: bool
    changes: bool
    give_up_after: float
    started: float
    failures: int = 0
    may_have_applied: bool = False
    """An attempt may have had its effect, although its answer was an error or was lost."""

    def delay(self, failure: Exception, now: float, chance: float) -> float | None:
        """Seconds until the next attempt; None if there is none. `chance` is from 0 to 1."""
        self.may_have_applied |= self.changes and _is_unclear(failure)
        if not is_temporary(failure, repeatable=self.repeatable):
            return None
        ceiling = min(LONGEST_DELAY, FIRST_DELAY * 2 ** min(self.failures, 10))
        self.failures += 1
        # Half fixed, half random, so that clients that lost the same server do not all come back at the same time.
        delay = ceiling * (0.5 + chance / 2)
        if isinstance(failure, ApiError) and failure.retry_after is not None:
            if failure.retry_after > LONGEST_RETRY_AFTER:
                return None
            delay = max(delay, failure.retry_after)
        return delay if delay < self.left(now) else None

    def left(self, now: float) -> float:
        """Seconds until the client gives up."""
        return self.started + self.give_up_after - now


def is_temporary(failure: Exception, *, repeatable: bool) -> bool:
    if isinstance(failure, ApiError):
        return failure.status == 429 or (repeatable and failure.status in PROCESSED_PERHAPS)
    if isinstance(failure, NEVER_SENT):
        return True
    # Not a wrong address or an unsupported protocol: those do not get better.
    return repeatable and isinstance(failure, (httpx.TimeoutException, httpx.NetworkError, httpx.RemoteProtocolError))


def _is_unclear(failure: Exception) -> bool:
    """Whether the server may have done what it was asked."""
    if isinstance(failure, ApiError):
        return failure.status >= 500
    return not isinstance(failure, (*NEVER_SENT, httpx.UnsupportedProtocol))


def chance() -> float:
    return random.random()  # noqa: S311, because it only spreads retries
