"""The bodies of requests. Durations are strings such as `90s`, `5m` or `1h30m`."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypedDict

from ._typing import NotRequired
from .codes import Decision, FallbackCause, ImageMediaType, Kind, Priority, ReviewPolicy
from .webhooks import WebhookRequest


class TaskImage(TypedDict):
    """An image of another task that this one waits for, such as `image`."""

    task: str
    name: str


class StoredReference(TypedDict):
    """An image that was uploaded, by the `artifact` of the upload's answer, or an image of another task."""

    artifact: str | TaskImage
    caption: NotRequired[str]


class InlineReference(TypedDict):
    """An image in base64. The media type may be absent if the data has a `data:` prefix."""

    mediaType: NotRequired[ImageMediaType]
    data: str
    caption: NotRequired[str]


Reference = StoredReference | InlineReference


class Input(TypedDict, total=False):
    """What the model gets."""

    prompt: str
    system: str
    """For kind `text`."""
    schema: Mapping[str, Any]
    """JSON Schema of the answer; for kind `text`."""
    aspectRatio: str
    imageSize: str
    seed: int
    references: Sequence[Reference]
    providerOptions: Mapping[str, Any]


class TaskInput(Input, total=False):
    """Each field replaces the job's field; `extraReferences` are appended to the job's references."""

    extraReferences: Sequence[Reference]


class TaskRequest(TypedDict, total=False):
    """One task of a job."""

    name: str
    kind: Kind
    """Default: the job's."""
    model: str
    after: Sequence[str]
    """The names of the tasks that must succeed first. Texts may use `{{tasks.NAME.output}}`."""
    input: TaskInput
    metadata: Any


class Backoff(TypedDict, total=False):
    """Delays between attempts; at least one of the two."""

    initial: str
    max: str


class ResultCheck(TypedDict):
    """A model that looks at each result, and may flag it for review."""

    model: NotRequired[str]
    """A text model of the job's pool; default: its first one."""
    prompt: str
    """What to look for in the result."""
    schema: NotRequired[Mapping[str, Any]]
    """JSON Schema of the answer, with a required boolean `flagged` and optionally `reasons`, an array of strings."""


class FallbackTarget(TypedDict, total=False):
    """Another pool, another model, or both."""

    pool: str
    model: str


class Policy(TypedDict, total=False):
    """Time limits, attempts, reviews and fallbacks of a job."""

    attemptTimeout: str
    runTimeout: str
    queueTimeout: str
    reviewTimeout: str
    deadline: str | None
    maxAttempts: int
    maxLostAttempts: int
    review: ReviewPolicy
    """Which results a person must approve. Default: `never`; `onFlag` if there is a check."""
    check: ResultCheck
    backoff: Backoff
    onOutage: Literal["wait", "fail"]
    """What a task does while its provider is out; default `wait`."""
    onBudget: Literal["wait", "fail"]
    """What a task does while the budget of its pool or tenant is spent; default `wait`."""
    fallback: Sequence[FallbackTarget]
    fallbackOn: Sequence[FallbackCause]
    """What moves a task to its next fallback; default all but `refusal`."""


class SubmitRequest(TypedDict):
    """The body of a submit. Only `kind` and a prompt for every task are required."""

    kind: Kind
    pool: NotRequired[str]
    priority: NotRequired[Priority]
    model: NotRequired[str]
    input: NotRequired[Input]
    tasks: NotRequired[Sequence[TaskRequest]]
    policy: NotRequired[Policy]
    labels: NotRequired[Mapping[str, str]]
    metadata: NotRequired[Any]
    group: NotRequired[str]
    """Counts in the pool's limit of running tasks per group of a tenant."""
    webhook: NotRequired[WebhookRequest]
    concurrencyKey: NotRequired[str]


class ReviewRequest(TypedDict):
    """The body of a review."""

    run: int
    """The run that was reviewed."""
    decision: Decision
    instruction: NotRequired[str]
    """What to change; with `tweak`. Default: the reasons of the flags."""
    note: NotRequired[str]


class StuckReference(TypedDict):
    """A task as `stuck` showed it. `fail_stuck` ignores further fields."""

    job: str
    task: int
    sequence: int
