"""Webhooks of jobs, and their deliveries."""

from collections.abc import Sequence
from typing import Literal, TypedDict

from ._typing import NotRequired

WebhookEvent = Literal["job.finished", "task.succeeded", "task.needs_review"]


class WebhookRequest(TypedDict):
    """Where the job's events go, signed as in Standard Webhooks."""

    url: str
    """Gets the events by POST. `https`, or `http` for a host that the installation allows."""
    events: NotRequired[Sequence[WebhookEvent]]
    """Default: `job.finished`."""


class JobWebhook(TypedDict):
    """The webhook of a job."""

    url: str
    """Without the values of its query, which may be secrets."""
    events: list[WebhookEvent]


class WebhookDeliveryError(TypedDict):
    """Why the last attempt failed."""

    reason: str
    """Such as `Timeout` or `Answered`."""
    message: str
    status: int | None
    """The HTTP status of the receiver's answer, if it answered."""
    at: str


class WebhookDelivery(TypedDict):
    """One event for one receiver."""

    id: str
    """The `webhook-id` of every attempt."""
    tenant: str
    job: str
    event: WebhookEvent
    url: str
    """Without the values of its query, which may be secrets."""
    state: Literal["pending", "delivered", "dead"]
    at: str
    """When the event happened."""
    attempts: int
    nextAttemptAt: str | None
    lastError: WebhookDeliveryError | None
    expiresAt: str


class WebhookDeliveryPage(TypedDict):
    """A page of deliveries."""

    items: list[WebhookDelivery]
    next: str | None


class WebhookStatus(TypedDict):
    """The deliveries of a job that are not done."""

    pending: int
    dead: int
    nextAttemptAt: str | None
    lastError: WebhookDeliveryError | None
