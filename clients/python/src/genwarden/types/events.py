"""The events of event streams."""

from typing import Literal, TypedDict

from ._typing import NotRequired
from .codes import StateOrDeleted
from .jobs import Job, ListedJob, Target, WaitingFor


class TaskChange(TypedDict):
    """A transition. The error and the artifacts are in the job."""

    sequence: int
    at: str
    job: str
    task: int
    name: str | None
    pool: str
    state: StateOrDeleted
    run: int
    attempt: int
    attemptsLost: int
    reason: str
    worker: str | None
    startedAt: str | None
    dueAt: str | None
    retryAt: str | None
    waitingFor: WaitingFor | None
    target: Target | None
    """Where an open task runs or waits to run."""


class OpenJobs(TypedDict):
    """The snapshot of all jobs."""

    items: list[ListedJob]
    next: None
    complete: bool
    """False if there are more open jobs than the snapshot contains."""


class TextPiece(TypedDict):
    """A piece of the text of a running task. Not a result: another attempt may follow, and begins a new text."""

    run: int
    attempt: int
    offset: int
    """Where the piece belongs in the text, in UTF-16 code units. 0: what came before does not count any more."""
    text: str


class TaskProgress(TypedDict):
    job: str
    task: int
    worker: str
    progress: float
    """0 to 1."""
    partial: NotRequired[TextPiece]
    """Only in the events of one job: the next piece of the text that the task has so far."""


class TaskWaiting(TypedDict):
    job: str
    task: int
    waitingFor: WaitingFor | None


class Reset(TypedDict):
    reason: str


class SnapshotEvent(TypedDict):
    """The job as it is when the stream begins. Without an id if it has finished: nothing follows."""

    event: Literal["snapshot"]
    id: NotRequired[str]
    data: Job


class OpenJobsEvent(TypedDict):
    """The open jobs as they are when the stream of all jobs begins."""

    event: Literal["snapshot"]
    id: str
    data: OpenJobs


class TaskEvent(TypedDict):
    event: Literal["task"]
    id: str
    data: TaskChange


class JobChangedEvent(TypedDict):
    """The job after its newest transition."""

    event: Literal["job"]
    id: str
    data: ListedJob


class ProgressEvent(TypedDict):
    event: Literal["progress"]
    data: TaskProgress


class WaitingEvent(TypedDict):
    """Only in the events of one job: what a task waits for has changed, although its state has not."""

    event: Literal["waiting"]
    data: TaskWaiting


class ResetEvent(TypedDict):
    """Too many events were missed: a snapshot follows."""

    event: Literal["reset"]
    data: Reset


JobEvent = SnapshotEvent | TaskEvent | JobChangedEvent | ProgressEvent | WaitingEvent | ResetEvent
"""`id` is the position after the event: pass it as `last_event_id` to resume."""

AnyJobEvent = OpenJobsEvent | TaskEvent | JobChangedEvent | ProgressEvent | ResetEvent
