"""Workers and pools, as the API shows them."""

from typing import Literal, TypedDict

from .codes import KeyState, WorkerState


class Slots(TypedDict):
    total: int
    busy: int
    leaked: int


class Percentiles(TypedDict):
    p50: float
    p95: float


class WorkerTask(TypedDict):
    """A task that a worker runs."""

    job: str
    task: int
    progress: float
    phase: str | None
    waited: float | None
    """How long the provider has had the call, ms."""
    usual: Percentiles | None
    """How long calls of this model usually take on this worker, ms."""


class AttemptMemory(TypedDict):
    used: float
    limit: float


class Worker(TypedDict):
    """A worker, as its heartbeats show it."""

    name: str
    pool: str
    host: str
    pid: int
    version: str
    startedAt: str
    lastBeat: str
    draining: bool
    state: WorkerState
    """`stopped` and `lost` workers are shown for a minute."""
    slots: Slots
    tasks: list[WorkerTask]
    eventLoopLag: float
    """ms."""
    memory: float
    """Bytes."""
    attemptMemory: AttemptMemory | None
    """What attempts have taken of the memory that they may use, bytes."""


class Models(TypedDict):
    image: list[str]
    text: list[str]


class LaneCounts(TypedDict):
    again: int
    high: int
    normal: int
    low: int
    guest: int


class KeyModel(TypedDict):
    """A model for which a key is not usable at present."""

    model: str
    state: Literal["cooling", "exhausted", "noQuota", "refused"]
    until: str
    cause: str


class PoolKey(TypedDict):
    """An API key of a pool."""

    fingerprint: str
    state: KeyState
    until: str | None
    cause: str | None
    inFlight: int
    requestsPerMinute: float
    """Its limit."""
    callsLastMinute: int
    """Calls of the last 60 s by all workers."""
    message: str
    """The provider's words, or empty."""
    models: list[KeyModel]


class Outage(TypedDict):
    """A model whose provider fails for every task."""

    model: str
    state: Literal["open", "probing"]
    since: str
    until: str
    """The next probe, or the latest end of the one that runs."""
    status: int | None
    """The provider's last HTTP status."""
    message: str
    failures: int


class SpendingLimits(TypedDict, total=False):
    day: float
    month: float


class Spending(TypedDict):
    """What calls cost in this UTC day and month."""

    tenant: str | None
    """None for the pool's total."""
    day: float
    month: float
    limits: SpendingLimits
    dayEndsAt: str
    monthEndsAt: str


class PoolTenant(TypedDict):
    tenant: str
    queued: int
    running: int
    limit: int | None
    """The most tasks of it that may run; None: no limit."""
    weight: float
    """Its share of the starts, compared with other tenants that queue."""


class ModelLimits(TypedDict):
    """What a task of a model may ask for."""

    references: int
    """Reference images of a task."""
    referenceBytes: int
    totalReferenceBytes: int
    aspectRatios: list[str] | None
    """None: any, for a model that Genwarden does not know."""
    imageSizes: list[str] | None
    lacks: list[str]
    """Fields of the input that the model does not take, such as `seed`."""


class ManagedBy(TypedDict):
    """A resource in Kubernetes that defines a pool."""

    kind: Literal["WorkerPool"]
    namespace: str
    name: str


class Pool(TypedDict):
    """A queue with its workers and API keys."""

    name: str
    provider: str
    models: Models
    modelLimits: dict[str, ModelLimits]
    """What a task of each model may ask for."""
    providerOptions: list[str] | None
    """The `input.providerOptions` that jobs may set; None: any."""
    depth: LaneCounts
    """Not yet delivered, by lane."""
    unacknowledged: int
    queued: int
    running: int
    waiting: int
    needsReview: int
    oldestQueuedAt: str | None
    paused: bool
    pausedUntil: str | None
    """None also while the pool is paused without an end."""
    pausedBy: Literal["spec", "api"] | None
    """Who ends the pause: spec.paused of its WorkerPool, or a resume."""
    managed: ManagedBy | None
    """The resource in Kubernetes that sets everything of the pool but a pause; None: its workers set it."""
    workers: int
    standIn: bool
    """A stand-in answers the calls of at least one worker: the results are not the provider's."""
    keys: list[PoolKey]
    outages: list[Outage]
    spending: list[Spending]
    tenants: list[PoolTenant]
    groupLimit: int | None
    """The most tasks of each group of a tenant that may run; None: no limit."""


class PausedPool(Pool):
    firstQueueTimeoutAt: str | None
    """When the first queued task fails if the pool stays paused."""


class ObservedSlots(TypedDict):
    total: int
    free: int


class ObservedKey(TypedDict):
    fingerprint: str
    state: KeyState
    until: str | None
    cause: str | None


class ObservedPool(TypedDict):
    """A pool as explanations show it."""

    name: str
    lanes: LaneCounts
    workers: int
    draining: int
    slots: ObservedSlots
    keys: list[ObservedKey] | None
    paused: bool
    pausedUntil: str | None
    lastClaimAt: str | None
