"""The output of a text task, or why there is none."""

from __future__ import annotations

import json
from typing import Any

from ..errors import OutputError
from ..types import Job, Task
from .schema import Mismatch, Schema, parsed
from .states import find_task, task_has_finished

_NO_OUTPUT = "Only tasks of kind text have one. Download the artifacts of an image task."
_MISMATCH = (
    "Submit the job with this schema, so that the model and the worker check know it. "
    "Rules that only code checks do not reach them."
)


def is_settled(job: Job, wanted: str | int, *, through_review: bool) -> bool:
    task = find_task(job, wanted)
    return task is None or task_has_finished(task) or (task["state"] == "needs_review" and not through_review)


def task_with_output(job: Job, wanted: str | int, *, reviewed: bool = True) -> Task:
    """Raises `OutputError` if the task has none. `reviewed`: a result that waits for a reviewer does not count."""
    name = job["id"]
    task = find_task(job, wanted)
    if task is None:
        hint = "Give the name or the index of a task of the job."
        raise OutputError(f"The job has no task {wanted!r}", code="TaskNotFound", hint=hint, job=name, task=wanted)
    state, error = task["state"], task["error"]
    if state == "succeeded" or (state == "needs_review" and not reviewed):
        return task
    if state == "needs_review":
        hint = "Decide with review, or pass through_review=True to wait on."
        detail = "The output waits for a reviewer"
        raise OutputError(detail, code="AwaitingReview", hint=hint, job=name, task=wanted)
    if error is not None:
        raise OutputError(error["message"], code=error["code"], hint=error["hint"], job=name, task=wanted)
    code = "Cancelled" if state == "cancelled" else "NoOutput"
    raise OutputError(task["message"], code=code, hint="Retry the task, or submit it again.", job=name, task=wanted)


def is_stored(task: Task) -> bool:
    """Large outputs are artifacts."""
    return task["output"] is None and any(artifact["name"] == "output" for artifact in task["artifacts"])


def stored_output(content: bytes, media_type: str) -> Any:
    text = content.decode("utf-8", errors="replace")
    return json.loads(text) if media_type.startswith("application/json") else text


def checked_output(output: Any, schema: Schema | None, job: str, task: str | int) -> Any:
    """What the schema makes of an output. Raises `OutputError`."""
    if output is None:
        detail = "The task succeeded without an output"
        raise OutputError(detail, code="NoOutput", hint=_NO_OUTPUT, job=job, task=task)
    try:
        return parsed(output, schema)
    except Mismatch as mismatch:
        shown = [f"{issue.path}: {issue.message}" if issue.path else issue.message for issue in mismatch.issues[:5]]
        detail = f"The output does not match the schema: {'; '.join(shown)}"
        issues = mismatch.issues
        raise OutputError(
            detail, code="OutputMismatch", hint=_MISMATCH, job=job, task=task, issues=issues
        ) from mismatch.__cause__


def index_of(job: Job, wanted: str | int) -> int:
    """Raises `OutputError` if there is no such task."""
    task = find_task(job, wanted)
    return task["index"] if task is not None else task_with_output(job, wanted)["index"]
