"""The warnings in the answer to a submit."""

from typing import TypedDict

from ._typing import NotRequired
from .codes import WarningCode


class KeyCounts(TypedDict):
    """The API keys of a pool that admit no call."""

    total: int
    refused: int
    cooling: int
    withoutQuota: int
    coolingUntil: str | None


class Estimate(TypedDict):
    """When the job's last task would start."""

    before: int
    """Tasks that are served before it."""
    waitMs: float
    timeoutMs: float
    """What is left of the time limit."""
    late: int
    """Tasks of the job that would time out."""
    requestsPerMinute: float | None
    """Of all usable keys; None if the pool needs none."""
    slots: int
    attemptMs: float | None
    """How long attempts take on average; None if unknown."""


class SubmitWarning(TypedDict):
    """Why a job may start late or never."""

    code: WarningCode
    message: str
    """The obstacle with its numbers, what happens, and what to do."""
    until: str | None
    """When the obstacle ends or is checked next; None if that is unknown."""
    queued: int
    """Queued tasks of the pool, with the job's own."""
    failsAt: str
    """When the job's queued tasks time out."""
    keys: NotRequired[KeyCounts]
    """For `KeysExhausted`."""
    estimate: NotRequired[Estimate]
    """For `QueueLongerThanTimeout`."""
