"""
Writes a storyboard and draws its pictures: one job, in which the pictures wait for the text.

Run it beside `make dev`:
    python storyboard.py draw "a garden through the year"   starts, or continues; each picture is saved when it is finished
    python storyboard.py stop JOB                           stops at once; what is finished stays
    python storyboard.py resume JOB                         does the rest
"""

import argparse
import hashlib
import json
import sys
from pathlib import Path

from genwarden import Client, GenwardenError
from genwarden.types import SubmitRequest, Task, TaskRequest


def request_for(idea: str, count: int) -> SubmitRequest:
    beat = {"type": "object", "required": ["scene"], "properties": {"scene": {"type": "string"}}}
    beats = {"type": "array", "minItems": count, "maxItems": count, "items": beat}
    text: TaskRequest = {
        "name": "text",
        "kind": "text",
        "input": {
            "prompt": f"Write a storyboard of {count} beats. The idea: {idea}",
            "schema": {"type": "object", "required": ["beats"], "properties": {"beats": beats}},
        },
    }
    # Each picture starts as soon as the text is there, with its own beat in the prompt.
    pictures: list[TaskRequest] = [
        {
            "name": f"picture-{at + 1}",
            "after": ["text"],
            "input": {"prompt": f"{{{{tasks.text.output.beats[{at}].scene}}}}"},
        }
        for at in range(count)
    ]
    return {"kind": "image", "tasks": [text, *pictures], "labels": {"app": "storyboard"}}


def follow(client: Client, job: str, folder: Path) -> int:
    """Says what becomes of each task, or why it waits, and saves what is finished. Returns the exit code."""
    shown: dict[int, object] = {}

    def show_news(tasks: list[Task]) -> None:
        for task in tasks:
            news = (task["state"], task["waitingFor"] and task["waitingFor"]["reason"])
            if shown.get(task["index"]) != news:
                show(client, job, task, folder)
            shown[task["index"]] = news

    for event in client.events(job):
        if event["event"] != "progress":
            show_news(client.get(job).get("tasks", []))
    ended = client.wait(job)
    show_news(ended.get("tasks", []))
    paid = ended["usage"]["paidCalls"] if ended["usage"] else 0
    finished, total = ended["progress"]["succeeded"], ended["progress"]["total"]
    print(f"{finished} of {total} tasks are finished, with {paid} paid calls, in {folder.resolve()}")
    if ended["state"] != "succeeded":
        print(f"Do the rest with: storyboard.py resume {job}")
    return 0 if ended["state"] == "succeeded" else 1


def show(client: Client, job: str, task: Task, folder: Path) -> None:
    error, waiting = task["error"], task["waitingFor"]
    why = waiting["detail"] if waiting else task["message"]
    print(f"  {task['name']} is {task['state']}: {why}" + (f" ({error['code']}) {error['hint']}" if error else ""))
    picture = folder / f"{task['name']}.png"
    if task["state"] == "succeeded" and task["name"] == "text":
        (folder / "text.json").write_text(json.dumps(client.output(job, task="text"), indent=2))
    elif task["state"] == "succeeded" and not picture.exists():  # A file is whole as soon as it exists.
        client.download(job, task["index"], "image", picture)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["draw", "stop", "resume"])
    parser.add_argument("what", metavar="IDEA or JOB")
    parser.add_argument("--pictures", type=int, default=6)
    parser.add_argument("--to", type=Path, default=Path("storyboards"))
    given = parser.parse_args()
    with Client() as client:
        job = given.what
        if given.command == "stop":
            print(f"Job {job} is {client.cancel(job)['state']}. Do the rest with: storyboard.py resume {job}")
            return 0
        if given.command == "draw":
            request = request_for(given.what, given.pictures)
            # The key is a digest of the request: the same idea is one job, and nothing is paid twice.
            key = hashlib.sha256(json.dumps(request).encode()).hexdigest()
            job = client.submit(request, idempotency_key=f"storyboard-{key}")["id"]
        elif client.get(job, tasks=False)["state"] in ("failed", "cancelled"):
            client.retry(job)  # Only what has not succeeded.
        print(f"Job {job}")
        folder = given.to / job
        folder.mkdir(parents=True, exist_ok=True)
        try:
            return follow(client, job, folder)
        except KeyboardInterrupt:
            print(f"\nJob {job} continues. Come back with: storyboard.py resume {job}")
            return 130


if __name__ == "__main__":
    try:
        sys.exit(main())
    except GenwardenError as error:  # Its text is what is wrong, its code, and what to do.
        sys.exit(str(error))
