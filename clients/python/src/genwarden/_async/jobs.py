"""The calls that create, read and change jobs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Literal
from uuid import uuid4

from .._core import requests
from .._core.schema import Schema, with_schema
from ..errors import ApiError, GenwardenError
from ..types import (
    Decision,
    ExplainedJob,
    Job,
    JobLinks,
    JobPage,
    Kind,
    ListedJob,
    ModelInput,
    StateFilter,
    SubmitRequest,
    SubmittedJob,
    Transition,
)
from .base import Calls


class JobCalls(Calls):
    async def submit(
        self,
        request: SubmitRequest,
        *,
        idempotency_key: str | None = None,
        schema: Schema | None = None,
        give_up_after: float | None = None,
    ) -> SubmittedJob:
        """
        Submits a job. The same `idempotency_key` with the same request creates one job. Without one the client takes a random
        key, so that it can repeat the submit after a lost answer; pass your own to repeat it after a crash of your program.
        `schema`, a Pydantic model or a JSON Schema, is what the output of text tasks must match.
        """
        body = with_schema(request, schema)
        key = idempotency_key if idempotency_key is not None else str(uuid4())
        try:
            job: SubmittedJob = await self._value(requests.submit(body, key), give_up_after)
        except GenwardenError as error:
            error.idempotency_key = key if error.may_have_applied else None
            raise
        return job

    async def get(
        self, job: str, *, task_state: StateFilter | Sequence[StateFilter] | None = None, tasks: bool = True
    ) -> Job:
        """The job with its tasks, with those in some states, or without them."""
        found: Job = await self._value(requests.job(job, task_state=task_state, tasks=tasks))
        return found

    async def list(
        self,
        *,
        state: StateFilter | Sequence[StateFilter] | None = None,
        pool: str | None = None,
        kind: Kind | None = None,
        labels: Mapping[str, str] | None = None,
        search: str | None = None,
        page_size: int | None = None,
    ) -> AsyncIterator[ListedJob]:
        """
        All matching jobs, newest first. Every word of `search` must match: the start of the id, or a part of a label, of the pool
        or of `prompt`. Requests pages as needed, of `page_size` jobs, 1 to 500.
        """
        cursor: str | None = None
        while True:
            page = await self.list_page(
                state=state, pool=pool, kind=kind, labels=labels, search=search, page_size=page_size, cursor=cursor
            )
            for job in page["items"]:
                yield job
            cursor = page["next"]
            if cursor is None:
                return

    async def list_page(
        self,
        *,
        state: StateFilter | Sequence[StateFilter] | None = None,
        pool: str | None = None,
        kind: Kind | None = None,
        labels: Mapping[str, str] | None = None,
        search: str | None = None,
        page_size: int | None = None,
        cursor: str | None = None,
    ) -> JobPage:
        """One page; `cursor` is `next` of the page before."""
        page: JobPage = await self._value(
            requests.listing(
                state=state, pool=pool, kind=kind, labels=labels, search=search, page_size=page_size, cursor=cursor
            )
        )
        return page

    async def cancel(self, job: str, *, running: Literal["stop", "finish"] | None = None) -> Job:
        """Cancels open tasks immediately; with `running="finish"`, running tasks may finish."""
        body = {} if running is None else {"running": running}
        cancelled: Job = await self._value(requests.post(requests.job_path(job, "cancel"), body, repeatable=True))
        return cancelled

    async def retry(self, job: str, *, tasks: Sequence[str | int] | None = None) -> Job:
        """Starts a new run of failed and cancelled tasks, or of the given ones, by name or index."""
        body: dict[str, Any] = {} if tasks is None else {"tasks": [*tasks]}
        retried: Job = await self._value(requests.post(requests.job_path(job, "retry"), body))
        return retried

    async def review(
        self,
        job: str,
        task: str | int,
        decision: Decision,
        *,
        run: int,
        instruction: str | None = None,
        note: str | None = None,
    ) -> Job:
        """
        Decides about a result that waits for a reviewer. `run` is the run that the reviewer saw. `tweak` starts another run with
        `instruction`, by default the reasons of the flags.
        """
        body: dict[str, Any] = {"run": run, "decision": decision}
        body |= {} if instruction is None else {"instruction": instruction}
        body |= {} if note is None else {"note": note}
        reviewed: Job = await self._value(requests.post(requests.job_path(job, "tasks", task, "review"), body))
        return reviewed

    async def delete(self, job: str) -> None:
        """Deletes a finished job, its history and its artifacts permanently."""
        request = requests.Request("DELETE", requests.job_path(job), repeatable=True)
        retries = self._connection.retries(request)
        try:
            await self._connection.answer(request, retries)
        except ApiError as error:
            # The answer to an earlier attempt was lost, and that one deleted the job.
            if error.code != "JobNotFound" or retries.failures == 0:
                raise

    async def history(self, job: str) -> Sequence[Transition]:
        """Every transition of every task."""
        transitions: Sequence[Transition] = await self._items(requests.get(requests.job_path(job, "history")))
        return transitions

    async def input(self, job: str, task: str | int = 0) -> ModelInput:
        """
        What a task was asked for, as its model gets it: in a chain with the results of other tasks, as far as they are known.
        """
        found: ModelInput = await self._value(requests.get(requests.job_path(job, "tasks", task, "input")))
        return found

    async def explain(self, job: str) -> ExplainedJob:
        """Why the job is in its current state, what happens next, and what to do."""
        explained: ExplainedJob = await self._value(requests.get(requests.job_path(job, "explain")))
        return explained

    async def links(self, job: str, *, expires_in: str | None = None) -> JobLinks:
        """
        URLs that read the job, its events and its artifacts without a token, for example in a browser. They are secrets, and
        expire after a time such as `1h`, at the latest with the job.
        """
        body = {} if expires_in is None else {"expiresIn": expires_in}
        request = requests.post(requests.job_path(job, "links"), body, repeatable=True)
        links: JobLinks = await self._value(request)
        return links
