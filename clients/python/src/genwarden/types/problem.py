"""Errors, as the API sends them."""

from typing import TypedDict

from ._typing import NotRequired
from .error_codes import ErrorCode


class InvalidField(TypedDict):
    """One invalid part of a request."""

    path: str
    message: str


class Problem(TypedDict):
    """The problem document (RFC 9457) of every error of the API."""

    type: str
    """The page that explains the code."""
    title: str
    status: int
    detail: str
    code: ErrorCode
    hint: str
    """What to do."""
    requestId: str
    errors: NotRequired[list[InvalidField]]
    jobId: NotRequired[str]
    """The job that a submit without an answer may have stored."""
    idempotencyKey: NotRequired[str]
    """Send the same body with this key to try again safely."""
    holder: NotRequired[str]
    """For `ConcurrencyConflict`: the open job that holds the concurrency key."""
    known: NotRequired[list[str]]
    """The pools or models that exist, for a pool or model that does not."""


class ProviderError(TypedDict):
    """What the provider answered."""

    status: NotRequired[int]
    code: NotRequired[str]


class TaskError(TypedDict):
    """Why a task failed, or its last attempt did."""

    code: ErrorCode
    message: str
    retryable: bool
    hint: str
    provider: ProviderError | None
