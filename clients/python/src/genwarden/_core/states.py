"""What states mean, also those that a newer server may add."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..types import Job, ListedJob, Task

OPEN = ("queued", "running", "waiting", "needs_review")
TERMINAL = ("succeeded", "failed", "cancelled")


def job_has_finished(job: ListedJob) -> bool:
    """An unknown state counts by the time at which the job finished."""
    state = job.get("state")
    return state in TERMINAL or (state not in OPEN and job.get("finishedAt") is not None)


def task_has_finished(task: Task) -> bool:
    state = task.get("state")
    if state in TERMINAL or state in OPEN:
        return state in TERMINAL
    # Every open task has a time by which it must change.
    return task.get("dueAt") is None


def is_at_rest(job: Job, *, through_review: bool) -> bool:
    """The job has finished, or waits for nothing but a reviewer."""
    return job_has_finished(job) or (not through_review and bool(job.get("awaitsReview")))


def find_task(job: Mapping[str, Any], wanted: str | int) -> Task | None:
    """By name or index, as the API finds it: an index comes first."""
    tasks: list[Task] = job.get("tasks") or []
    by_index = (task for task in tasks if str(task["index"]) == str(wanted))
    by_name = (task for task in tasks if task["name"] == wanted)
    return next(by_index, None) or next(by_name, None)


class Finished:
    """Yields each finished task once per run, however often the job is read."""

    def __init__(self) -> None:
        self._seen: set[tuple[int, int]] = set()

    def new_in(self, job: Job) -> Iterator[Task]:
        for task in job.get("tasks") or []:
            key = (task["index"], task["run"])
            if task_has_finished(task) and key not in self._seen:
                self._seen.add(key)
                yield task
