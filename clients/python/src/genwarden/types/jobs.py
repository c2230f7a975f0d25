"""Jobs and tasks, as the API shows them. Times are ISO 8601 in UTC."""

from typing import Any, TypedDict

from ._typing import NotRequired
from .codes import FlagSource, Kind, Priority, State, StateOrDeleted, WaitReason
from .problem import TaskError
from .warnings import SubmitWarning
from .webhooks import JobWebhook


class Progress(TypedDict):
    """How many tasks are in each state."""

    total: int
    queued: int
    running: int
    waiting: int
    needs_review: int
    succeeded: int
    failed: int
    cancelled: int
    fraction: float
    """How much of the work has ended, 0 to 1. Failed and cancelled tasks have ended: what succeeded is succeeded / total."""


class WaitingFor(TypedDict):
    """What an open task waits for."""

    reason: WaitReason
    until: str | None
    """When the wait ends or is checked next; None if that is unknown."""
    detail: str


class Spent(TypedDict):
    """What all paid calls used, over all attempts and runs."""

    inputTokens: int
    outputTokens: int
    cost: NotRequired[float]
    """In the unit of the pools' prices; absent without prices."""
    paidCalls: int
    """Calls that the provider bills, also those whose result could not be used."""


class TaskUsage(Spent):
    """What all paid calls of a task used."""

    durationMs: float | None
    """Of the call that produced the result."""


class Usage(TypedDict):
    """What one attempt used."""

    inputTokens: int
    outputTokens: int
    durationMs: float
    cost: NotRequired[float]


class Artifact(TypedDict):
    """Bytes that a task produced. `Client.download` fetches them."""

    name: str
    mediaType: str
    bytes: int
    digest: str
    path: NotRequired[str]
    """Where an S3 artifact store keeps the bytes."""
    width: NotRequired[int]
    height: NotRequired[int]
    href: str


class Flag(TypedDict):
    """What speaks against a result."""

    source: FlagSource
    """The job's check, or the provider's safety ratings."""
    reason: str


class Target(TypedDict):
    """Where an open task runs or waits to run."""

    pool: str
    model: str


class UsedTarget(Target):
    """What the last attempt with a call used."""

    provider: str


class Task(TypedDict):
    """One item of a job."""

    index: int
    name: str | None
    kind: NotRequired[Kind]
    """Only of a task whose kind is not the job's."""
    model: NotRequired[str]
    """Only of a task whose model is not the job's."""
    after: NotRequired[list[str]]
    """The tasks that this one waits for."""
    state: State
    run: int
    attempt: int
    progress: float
    """0 to 1."""
    phase: str | None
    """What the worker does for a running task."""
    metadata: Any
    queuedAt: str
    startedAt: str | None
    completedAt: str | None
    failedAt: str | None
    dueAt: str | None
    """The time by which an open task must change its state."""
    retryAt: str | None
    reason: str
    message: str
    error: TaskError | None
    waitingFor: WaitingFor | None
    worker: str | None
    target: Target | None
    """Differs from the job after a fallback."""
    used: UsedTarget | None
    output: Any
    usage: TaskUsage | None
    artifacts: list[Artifact]
    flags: NotRequired[list[Flag]]
    """Absent: nothing has flagged the result."""


class JobThumbnail(TypedDict):
    """Where a thumbnail is. An image of more than 20 megapixels has none: `href` answers 404."""

    task: int
    """The task's index."""
    href: str


class ListedJob(TypedDict):
    """A job without its tasks."""

    id: str
    tenant: str
    """The owner of the job: in Kubernetes, the namespace."""
    kind: Kind
    pool: str
    model: str
    priority: Priority
    state: State
    group: str | None
    """For the pool's limit of running tasks per group."""
    submittedAt: str
    startedAt: str | None
    finishedAt: str | None
    deadlineAt: str
    """The latest time at which the job will finish."""
    expiresAt: str
    progress: Progress
    waitingFor: WaitingFor | None
    """Of the first waiting task; None while a task runs."""
    awaitsReview: bool
    """The job waits for nothing but a reviewer."""
    failureReason: str | None
    """Of the first task that failed by itself: a code of the error catalogue; None while none has failed."""
    usage: Spent | None
    """Of all tasks; None before the first paid call."""
    labels: dict[str, str]
    prompt: str | None
    """How the prompt of the first task begins, in one line; None if nothing of it is visible, and in jobs of earlier versions."""
    thumbnails: list[JobThumbnail]
    """At most five, of the first image tasks with a result."""
    traceId: str | None
    """The trace in which the job was submitted, 32 hexadecimal digits; None without one."""
    traceUrl: NotRequired[str]
    """The address of that trace, if it is recorded and the API knows the tracing system."""


class Job(ListedJob):
    """A job with its tasks."""

    metadata: Any
    webhook: JobWebhook | None
    tasks: NotRequired[list[Task]]
    """Absent if they were not requested."""


class SubmittedJob(Job):
    """The answer to a submit."""

    warnings: list[SubmitWarning]
    """Why the job may start late or never; empty for most jobs."""


class JobPage(TypedDict):
    """One page of a list."""

    items: list[ListedJob]
    next: str | None
    complete: bool
    """False if older finished jobs, submitted up to `since`, may be missing."""
    since: str | None


class Transition(TypedDict):
    """One change of one task."""

    sequence: int
    at: str
    task: int
    name: str | None
    run: int
    attempt: int
    attemptsLost: int
    state: StateOrDeleted
    reason: str
    message: str
    worker: str | None
    lane: str | None
    dueAt: str | None
    retryAt: str | None
    error: TaskError | None
    usage: Usage | None
    artifacts: list[Artifact]
    flags: NotRequired[list[Flag]]


class UploadedReference(TypedDict):
    """Pass `artifact` in `references` of an input."""

    artifact: str
    mediaType: str
    bytes: int
