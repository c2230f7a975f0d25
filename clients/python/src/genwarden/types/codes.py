"""The closed sets of words in the API's answers. A newer server may send more of them, so compare for what you know."""

from typing import Literal

OpenState = Literal["queued", "running", "waiting", "needs_review"]
TerminalState = Literal["succeeded", "failed", "cancelled"]
State = Literal["queued", "running", "waiting", "needs_review", "succeeded", "failed", "cancelled"]
StateOrDeleted = Literal["queued", "running", "waiting", "needs_review", "succeeded", "failed", "cancelled", "deleted"]
"""A deleted task has no state any more, but its last transition is still in the events."""

StateFilter = Literal["queued", "running", "waiting", "needs_review", "succeeded", "failed", "cancelled", "open"]
"""`open` means every open state."""

Kind = Literal["image", "text"]
Priority = Literal["high", "normal", "low"]
Lane = Literal["again", "high", "normal", "low", "guest"]
"""A part of a pool's queue. Requeued tasks are in `again`, which is served first."""

Decision = Literal["approve", "reject", "tweak"]
ReviewPolicy = Literal["never", "always", "onFlag"]
FallbackCause = Literal["outage", "quota", "retired", "timeout", "refusal"]
ImageMediaType = Literal["image/png", "image/jpeg", "image/webp"]
KeyState = Literal["ready", "cooling", "busy", "refused"]
WorkerState = Literal["live", "draining", "stopped", "lost"]

FlagSource = Literal["check", "safety"]

WaitReason = Literal[
    "NoWorkers",
    "SlotsBusy",
    "WorkerMemory",
    "RateLimit",
    "KeysCooling",
    "KeysRefused",
    "NoKeys",
    "ProviderOutage",
    "QuotaExhausted",
    "PoolPaused",
    "TenantLimit",
    "BudgetExhausted",
    "Backoff",
    "Dependency",
    "Review",
    "StorageFull",
]

WarningCode = Literal[
    "StorageFull",
    "PoolPaused",
    "NoWorkers",
    "NoKeys",
    "KeysExhausted",
    "ProviderOutage",
    "BudgetExhausted",
    "QueueLongerThanTimeout",
]

Cause = Literal[
    "Overdue",
    "StorageFull",
    "PoolRemoved",
    "PoolPaused",
    "NoWorkers",
    "NoKeys",
    "KeysRefused",
    "KeysCooling",
    "KeysBusy",
    "ProviderOutage",
    "QuotaExhausted",
    "BudgetExhausted",
    "TenantLimit",
    "QueuedBehind",
    "WorkersBusy",
    "WorkerMemory",
    "NotTaken",
    "AboutToStart",
    "WorkerSilent",
    "TaskNotListed",
    "ProviderSlow",
    "Running",
    "WaitingForRetry",
    "WaitingForTasks",
    "WaitingForReview",
    "Succeeded",
    "Failed",
    "Cancelled",
    "Deleted",
]
"""Why a task is in its state."""
