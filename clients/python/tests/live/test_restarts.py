"""The API is killed while clients follow a job: each finished task arrives once, and each transition."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from genwarden import AsyncClient, Client
from genwarden.types import Job, JobEvent, Transition

from .conftest import PATIENCE, TOKEN, URL, images, restart_api

MARKERS = ["image small"] * 6 + ["image small after 2s", "hang"]
"""The last task keeps the job open until the test cancels it, after the restart."""
LAST = len(MARKERS) - 1


def check_watched(found: list[tuple[int, str]]) -> None:
    assert sorted(found) == [*((at, "succeeded") for at in range(LAST)), (LAST, "cancelled")]


def check_events(events: list[JobEvent], history: list[Transition]) -> None:
    """Every transition after the state that the snapshot shows arrived once, in order."""
    first = events[0]
    assert first["event"] == "snapshot"
    assert events[-1]["event"] == "job"
    assert [event["event"] for event in events].count("snapshot") == 1
    found = [event["data"] for event in events if event["event"] == "task"]
    assert [each["sequence"] for each in found] == sorted({each["sequence"] for each in found})
    for task in first["data"].get("tasks", []):
        stored = [(each["sequence"], each["state"]) for each in history if each["task"] == task["index"]]
        arrived = [(each["sequence"], each["state"]) for each in found if each["task"] == task["index"]]
        shown = stored[: len(stored) - len(arrived)]
        assert stored == shown + arrived
        assert shown[-1][1] == task["state"]


def test_threads_of_one_client_follow_a_job_through_a_restart(client: Client) -> None:
    job = client.submit(images(*MARKERS))["id"]

    def watch() -> list[tuple[int, str]]:
        found: list[tuple[int, str]] = []
        for task in client.watch(job):
            if not found:
                restart_api()
            found.append((task["index"], task["state"]))
            if len(found) == LAST:
                client.cancel(job)
        return found

    def wait() -> Job:
        return client.wait(job)

    def read_events() -> list[JobEvent]:
        return list(client.events(job))

    with ThreadPoolExecutor(3) as threads:
        watched, waited, events = threads.submit(watch), threads.submit(wait), threads.submit(read_events)
        check_watched(watched.result())
        assert waited.result()["state"] == "cancelled"
        check_events(events.result(), [*client.history(job)])


def test_tasks_of_one_asynchronous_client_follow_a_job_through_a_restart(tmp_path: Path) -> None:
    async def follow() -> None:
        async with AsyncClient(URL, token=TOKEN, give_up_after=PATIENCE) as client:
            job = (await client.submit(images(*MARKERS)))["id"]

            async def watch() -> list[tuple[int, str]]:
                found: list[tuple[int, str]] = []
                async for task in client.watch(job):
                    if not found:
                        await asyncio.to_thread(restart_api)
                    if task["state"] == "succeeded":
                        name = tmp_path / f"{task['index']}.png"
                        saved = await client.download(job, task["index"], "image", name)
                        assert saved.size > 0
                    found.append((task["index"], task["state"]))
                    if len(found) == LAST:
                        await client.cancel(job)
                return found

            async def read_events() -> list[JobEvent]:
                return [event async for event in client.events(job)]

            watched, waited, events = await asyncio.gather(watch(), client.wait(job), read_events())
            check_watched(watched)
            assert waited["state"] == "cancelled"
            check_events(events, [*await client.history(job)])

    asyncio.run(follow())
    assert len(list(tmp_path.iterdir())) == LAST


def test_submits_during_a_restart_create_one_job_each(client: Client) -> None:
    before = client.submit(images("image small"))["id"]
    with ThreadPoolExecutor(4) as threads:
        submits = [threads.submit(client.submit, images("image small")) for _ in range(8)]
        restart_api()
        jobs = [submit.result()["id"] for submit in submits]
    assert len({*jobs, before}) == 9
    for job in jobs:
        assert client.wait(job)["state"] == "succeeded"
