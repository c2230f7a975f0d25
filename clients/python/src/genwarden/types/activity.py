"""The figures of the last hour, and the settings of an API process."""

from typing import TypedDict


class FinishedTasks(TypedDict):
    """Tasks that ended, by outcome."""

    succeeded: int
    failed: int
    cancelled: int
    p50Ms: int | None
    """Half of the tasks that succeeded or failed took no longer, ms, without review."""
    p95Ms: int | None
    """95 % of them took no longer, ms."""


class OpenCounts(TypedDict):
    queued: int
    running: int
    waiting: int
    needs_review: int


class ActivityHour(FinishedTasks):
    successRate: float | None
    """Succeeded tasks among those that succeeded or failed, 0 to 1; None: there were none."""


class ActivityMinute(FinishedTasks):
    at: str
    """The start of the minute."""
    queued: int
    """At the end of the minute."""
    running: int
    waiting: int


class Activity(TypedDict):
    """A tenant's tasks now, and the last hour by minute."""

    at: str
    since: str | None
    """From when on the figures are complete; None: unknown, because too many tenants are active."""
    behindMs: int
    """How old the figures are, ms: 0, or the time since the API was cut off from NATS."""
    overdue: int
    """Open tasks that should have changed at least 15 s ago."""
    now: OpenCounts
    hour: ActivityHour
    minutes: list[ActivityMinute]
    """The last 60 minutes, oldest first; the last one is the current minute."""


class Setting(TypedDict):
    """A setting of an API process."""

    name: str
    value: str | None
    """None if it is not set. Only the length of a secret."""
    source: str
    """`default`, `unset`, `env NAME`, `flag --name` or `file NAME`."""
    description: str
