"""The errors that the client raises. All of them are a `GenwardenError`, with a code and what to do."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any


class GenwardenError(Exception):
    """The base of all errors of the client. Its text is the detail, the code and the hint."""

    may_have_applied = False
    """The call may have had its effect all the same: read the job before you repeat it."""
    idempotency_key: str | None = None
    """Of a submit that may have been stored: submit the same request with this key, and there will be one job."""

    def __init__(self, detail: str, *, code: str, hint: str) -> None:
        super().__init__(detail)
        self.detail = detail
        self.code = code
        """A code of the error catalogue, or one that the class names."""
        self.hint = hint
        """What to do."""

    def __str__(self) -> str:
        return f"{self.detail} ({self.code}). {self.hint}".rstrip()

    def __reduce__(self) -> tuple[Any, ...]:
        # Exceptions with keyword-only arguments need this to be pickled, for example by a process pool.
        return (_restored, (type(self), self.args, self.__dict__))


class ApiError(GenwardenError):
    """The API refused the request. The code is `Unknown` if the answer did not come from a Genwarden API."""

    def __init__(self, problem: Mapping[str, Any], *, retry_after: float | None = None) -> None:
        super().__init__(str(problem["detail"]), code=str(problem["code"]), hint=str(problem.get("hint", "")))
        self.problem: dict[str, Any] = dict(problem)
        """The whole problem document (RFC 9457)."""
        self.status: int = problem["status"]
        self.title: str = str(problem.get("title", ""))
        self.errors: list[dict[str, str]] = list(problem.get("errors") or [])
        """Each invalid part of the request, as `path` and `message`."""
        self.request_id: str | None = problem.get("requestId")
        self.job_id: str | None = problem.get("jobId")
        """The job that a submit without an answer may have stored."""
        self.retry_after = retry_after
        """Seconds to wait before a retry, if the answer gives them."""
        self._again = _when_again(retry_after)

    def __str__(self) -> str:
        return f"{super().__str__()}{self._again}"


def _when_again(retry_after: float | None) -> str:
    """For a delay of a minute or more."""
    if retry_after is None or retry_after < 60:
        return ""
    try:
        at = datetime.fromtimestamp(time.time() + retry_after, timezone.utc)
    except (OverflowError, ValueError, OSError):
        return ""
    return f" Try again at {at:%Y-%m-%dT%H:%M:%SZ}."


class ApiUnreachable(GenwardenError):
    """No answer arrived, and the client stopped retrying. `__cause__` is the error of httpx. The code is `NoAnswer`."""

    def __init__(self, detail: str, *, url: str, may_have_applied: bool) -> None:
        unknown = " The API may have received the call: read the job before you repeat it."
        hint = f"Check that the address is right and that the API is running.{unknown if may_have_applied else ''}"
        super().__init__(detail, code="NoAnswer", hint=hint)
        self.url = url
        self.may_have_applied = may_have_applied


class WaitTimeout(GenwardenError, TimeoutError):
    """The `timeout` of a call passed first. The job continues. The code is `WaitTimeout`."""

    def __init__(self, job: str, timeout: float) -> None:
        detail = f"Job {job} has not finished within {timeout:g} s"
        super().__init__(detail, code="WaitTimeout", hint="The job continues: wait again, or cancel it.")
        self.job = job


@dataclass(frozen=True)
class OutputIssue:
    """One place where an output does not match its schema."""

    path: str
    """`steps[2].name`; empty for the whole output."""
    message: str


class OutputError(GenwardenError):
    """
    A task without a usable output. The code is that of the task's error, `Cancelled`, `AwaitingReview`, `TaskNotFound`,
    `NoOutput` or `OutputMismatch`.
    """

    def __init__(
        self, detail: str, *, code: str, hint: str, job: str, task: str | int, issues: tuple[OutputIssue, ...] = ()
    ) -> None:
        super().__init__(detail, code=code, hint=hint)
        self.job = job
        self.task = task
        self.issues = issues
        """For `OutputMismatch`: what the schema says."""


class DownloadError(GenwardenError):
    """A download did not give the bytes of the artifact, and left no file. The code is `Incomplete` or `DigestMismatch`."""


class DigestMismatch(DownloadError):
    """The bytes that arrived are not those of the artifact. The code is `DigestMismatch`."""

    def __init__(self, what: str, *, expected: str, actual: str) -> None:
        detail = f"{what} has the digest {actual}, but the API says {expected}"
        hint = "Download it again. If it happens again, check what stands between this client and the API."
        super().__init__(detail, code="DigestMismatch", hint=hint)
        self.expected = expected
        self.actual = actual


def _restored(kind: type[GenwardenError], args: tuple[Any, ...], state: dict[str, Any]) -> GenwardenError:
    error = kind.__new__(kind)
    error.args = args
    error.__dict__.update(state)
    return error
