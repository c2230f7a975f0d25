"""The calls for the output of text tasks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, overload

from .._core import outputs
from .._core.schema import M, Schema
from .._core.texts import ShownText, has_ended, rest_of, text_in
from ..types import Task, TextPiece
from .artifacts import ArtifactCalls
from .jobs import JobCalls
from .waits import WaitCalls


class OutputCalls(JobCalls, WaitCalls, ArtifactCalls):
    @overload
    async def output(
        self,
        job: str,
        task: str | int = 0,
        *,
        schema: type[M],
        timeout: float | None = None,
        through_review: bool = False,
        give_up_after: float | None = None,
    ) -> M: ...
    @overload
    async def output(
        self,
        job: str,
        task: str | int = 0,
        *,
        schema: Schema | None = None,
        timeout: float | None = None,
        through_review: bool = False,
        give_up_after: float | None = None,
    ) -> Any: ...
    async def output(
        self,
        job: str,
        task: str | int = 0,
        *,
        schema: Schema | None = None,
        timeout: float | None = None,
        through_review: bool = False,
        give_up_after: float | None = None,
    ) -> Any:
        """
        Waits for the output of a text task: the text, or with a schema its JSON. A Pydantic model as `schema` makes an instance
        of it. Raises `OutputError` if the task ends without an output, or if the output does not match. The options are those of
        `wait`.
        """
        current = await self.wait(
            job,
            timeout=timeout,
            through_review=through_review,
            until=lambda job: outputs.is_settled(job, task, through_review=through_review),
            give_up_after=give_up_after,
        )
        found = outputs.task_with_output(current, task)
        return outputs.checked_output(await self._output_of(job, found), schema, job, task)

    async def text(
        self, job: str, task: str | int = 0, *, give_up_after: float | None = None
    ) -> AsyncIterator[TextPiece]:
        """
        The text of a task as the model writes it. Each piece continues the text, except for one with `offset` 0 after others:
        another attempt began, and what came before does not count. Raises like `output`.
        """
        index = outputs.index_of(await self.get(job), task)
        shown = ShownText()
        async for event in self.events(job, give_up_after=give_up_after):
            piece = text_in(event, index)
            new = None if piece is None else shown.next(piece)
            if new is not None:
                yield new
            if has_ended(event, index):
                break
        found = outputs.task_with_output(await self.get(job), task, reviewed=False)
        rest = rest_of(await self._output_of(job, found), found["run"], found["attempt"])
        new = None if rest is None else shown.next(rest)
        if new is not None:
            yield new

    async def _output_of(self, job: str, task: Task) -> Any:
        if not outputs.is_stored(task):
            return task["output"]
        stored = await self.read(job, task["index"], "output")
        return outputs.stored_output(stored.content, stored.media_type)
