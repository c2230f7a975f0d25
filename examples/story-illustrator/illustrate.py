"""
Illustrates a story: a picture for each line of a text file, all in parallel. A webhook pushes each finished picture to uploader.py.

Run it beside `make dev` and uploader.py:
    python illustrate.py --webhook http://127.0.0.1:8090/hook      starts, or continues
    python illustrate.py --webhook http://127.0.0.1:8090/hook --retry      draws again what failed or was cancelled
"""

import argparse
import hashlib
import json
import sys
from pathlib import Path

from genwarden import Client, GenwardenError
from genwarden.types import Job, SubmitRequest

STYLE = "Watercolour for a children's book, soft light, no text."


def request_for(story: Path, webhook: str) -> SubmitRequest:
    scenes = [line for line in story.read_text().splitlines() if line.strip()]
    return {
        "kind": "image",
        "tasks": [
            {"name": f"scene-{at:02}", "input": {"prompt": f"{STYLE} {scene}"}} for at, scene in enumerate(scenes, 1)
        ],
        "webhook": {"url": webhook, "events": ["task.succeeded", "job.finished"]},
        "labels": {"app": "story"},
    }


def say_why(job: Job) -> None:
    """Called after each change of the job: what the first waiting picture waits for."""
    waiting = job["waitingFor"]
    if waiting:
        print(f"  waiting: {waiting['detail']}")


def illustrate(client: Client, request: SubmitRequest, retry: bool) -> int:
    # The key is a digest of the request: the same story is one job, however often this program runs. Nothing is paid twice.
    key = hashlib.sha256(json.dumps(request).encode()).hexdigest()
    job = client.submit(request, idempotency_key=f"story-{key}")
    print(f"Job {job['id']}: {job['progress']['succeeded']} of {job['progress']['total']} pictures are finished")
    if retry and job["state"] in ("failed", "cancelled"):
        client.retry(job["id"])  # Only what has not succeeded.
    try:
        for task in client.watch(job["id"], on_change=say_why):
            error = task["error"]
            why = f"{error['code']}: {error['message']} {error['hint']}" if error else task["message"]
            print(f"  {task['name']} is {task['state']}: {why}")
    except KeyboardInterrupt:
        # The pictures are drawn and uploaded without this program.
        print(f"\nJob {job['id']} continues. Run the same command to come back, or: genwarden watch {job['id']}")
        return 130
    progress = client.get(job["id"], tasks=False)["progress"]
    print(f"{progress['succeeded']} of {progress['total']} pictures are finished")
    return 0 if progress["succeeded"] == progress["total"] else 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--story", type=Path, default=Path(__file__).with_name("story.txt"))
    parser.add_argument("--webhook", required=True)
    parser.add_argument("--retry", action="store_true")
    given = parser.parse_args()
    with Client() as client:
        return illustrate(client, request_for(given.story, given.webhook), given.retry)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except GenwardenError as error:  # Its text is what is wrong, its code, and what to do.
        sys.exit(str(error))
