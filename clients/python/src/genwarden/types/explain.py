"""The answers of `explain`, `stuck` and `doctor`."""

from typing import Literal, TypedDict

from ._typing import NotRequired
from .codes import Cause, Lane, State
from .pools import ObservedPool
from .problem import TaskError
from .webhooks import WebhookStatus


class NextStep(TypedDict):
    """What happens without intervention."""

    at: str
    rule: str
    says: str


class BudgetsLeft(TypedDict):
    """ms."""

    queue: float
    run: float
    review: float


class QueuePlace(TypedDict):
    """The place of a queued task."""

    lane: Lane
    ahead: int
    """Tasks of its lane that are ahead of it."""
    aheadRequeued: int
    before: int
    """Tasks of all lanes that are served before it."""
    startsInMs: float | None
    """An estimate; None if nothing is known."""


class ObservedWorker(TypedDict):
    name: str
    lastBeatMsAgo: float | None
    draining: bool
    progress: float


class ExplainedTask(TypedDict):
    """Why a task is in its state, what happens next, and what to do."""

    job: str
    task: int
    name: str | None
    pool: str
    state: State
    reason: str
    run: int
    attempt: int
    sequence: int
    since: str
    sinceMs: float
    cause: Cause
    summary: str
    details: list[str]
    advice: list[str]
    dueAt: str | None
    retryAt: str | None
    next: list[NextStep]
    """What happens without intervention, the next step first."""
    budgetsLeft: BudgetsLeft | None
    queue: QueuePlace | None
    worker: ObservedWorker | None
    error: TaskError | None


class ExplainedJob(TypedDict):
    id: str
    state: State
    summary: str
    deadlineAt: str
    pool: ObservedPool
    webhook: WebhookStatus | None
    """None for a job without a webhook."""
    tasks: list[ExplainedTask]
    traceId: str | None
    """The trace in which the job was submitted, 32 hexadecimal digits; None without one."""
    traceUrl: NotRequired[str]
    """The address of that trace, if it is recorded and the API knows the tracing system."""


class StuckTask(ExplainedTask):
    tenant: str
    overdue: bool


class Searched(TypedDict):
    tenant: str | None
    """Whose tasks; None: those of all tenants."""
    openTasks: int
    jobs: int
    """The jobs that the API knows, open and finished."""
    jobState: State | None
    """Of the job that was asked about."""
    sequence: int
    """Every message of the stream up to this one was considered."""
    at: str
    """When that was the last message."""
    ageMs: float
    """How long ago that was when the API answered, ms."""
    complete: bool
    """False: tasks of a newer version, which this API cannot read, are missing."""
    leader: str | None
    """The controller that leads; None: none does, so nothing moves overdue tasks."""


class StuckList(TypedDict):
    items: list[StuckTask]
    next: None
    total: int
    """Larger than the number of `items` if there are more than 500."""
    pools: list[ObservedPool]
    searched: Searched
    """What the tasks were chosen from."""


class FixedTask(TypedDict):
    job: str
    task: int
    outcome: Literal["failed", "changed", "notFound"]
    """`changed`: it has changed since it was read, and was not failed."""


class Check(TypedDict):
    name: str
    ok: bool
    says: str
    advice: str | None
    """What to do. Of a check that passed: what to know, or to do before it fails."""
    seenBy: str
    """The processes that found it."""


class Checklist(TypedDict):
    ok: bool
    """True if every check passed."""
    version: str
    checks: list[Check]
