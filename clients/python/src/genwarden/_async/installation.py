"""The calls about workers, pools and stuck tasks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from urllib.parse import quote

from .._core import requests
from ..types import (
    Activity,
    Checklist,
    FixedTask,
    PausedPool,
    Pool,
    Setting,
    StuckList,
    StuckReference,
    WebhookDelivery,
    WebhookDeliveryPage,
    Worker,
)
from .base import Calls


class InstallationCalls(Calls):
    async def activity(self) -> Activity:
        """The tenant's tasks now, and the last hour by minute."""
        figures: Activity = await self._value(requests.get("/v1/activity"))
        return figures

    async def settings(self) -> Sequence[Setting]:
        """The settings of the API process, with secrets masked. Needs the scope `admin`."""
        settings: Sequence[Setting] = await self._items(requests.get("/v1/settings"))
        return settings

    async def workers(self) -> Sequence[Worker]:
        """The workers and what they run, and for a minute those that stopped or were lost."""
        workers: Sequence[Worker] = await self._items(requests.get("/v1/workers"))
        return workers

    async def pools(self) -> Sequence[Pool]:
        """The pools with their queues, workers and API keys."""
        pools: Sequence[Pool] = await self._items(requests.get("/v1/pools"))
        return pools

    async def pause_pool(self, pool: str, *, length: str | None = None) -> PausedPool:
        """Stops the pool from starting tasks, for a length such as `30m` or until resumed. Needs the scope `admin`."""
        body = {} if length is None else {"for": length}
        paused: PausedPool = await self._value(requests.post(requests.pool_path(pool, "pause"), body))
        return paused

    async def resume_pool(self, pool: str) -> Pool:
        """Lets a paused pool start tasks again. Needs the scope `admin`."""
        resumed: Pool = await self._value(requests.post(requests.pool_path(pool, "resume"), {}))
        return resumed

    async def doctor(self, *, provider: bool = True) -> Checklist:
        """The API's checks of the installation. `provider=False`: no worker calls its provider, which would be free."""
        query = requests.given(provider=None if provider else "false")
        checks: Checklist = await self._value(requests.get("/v1/doctor", query))
        return checks

    async def stuck(
        self, *, older_than: str | None = None, job: str | None = None, pool: str | None = None
    ) -> StuckList:
        """Overdue tasks, and open tasks that have made no progress for a long time, such as `5m`, the default."""
        query = requests.given(olderThan=older_than, jobId=job, pool=pool)
        found: StuckList = await self._value(requests.get("/v1/stuck", query))
        return found

    async def fail_stuck(self, tasks: Sequence[StuckReference]) -> Sequence[FixedTask]:
        """Fails stuck tasks, each only if it has not changed since it was read."""
        seen = [{"job": task["job"], "task": task["task"], "sequence": task["sequence"]} for task in tasks]
        fixed: Sequence[FixedTask] = await self._items(requests.post("/v1/stuck/fix", {"tasks": seen}))
        return fixed

    async def dead_webhooks(self) -> AsyncIterator[WebhookDelivery]:
        """The webhook deliveries that were given up, oldest first. Requests pages as needed."""
        cursor: str | None = None
        while True:
            query = requests.given(limit="300", cursor=cursor)
            page: WebhookDeliveryPage = await self._value(requests.get("/v1/webhooks/dead", query))
            for delivery in page["items"]:
                yield delivery
            cursor = page["next"]
            if cursor is None:
                return

    async def resend_webhook(self, delivery: str) -> WebhookDelivery:
        """Sends a dead delivery again, with the same id."""
        path = f"/v1/webhooks/dead/{quote(delivery, safe='')}/resend"
        pending: WebhookDelivery = await self._value(requests.post(path, {}))
        return pending
