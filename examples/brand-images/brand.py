"""
Draws pictures for a brand. A model checks each one against the brand's rules, and a person decides about those it flags.

Run it beside `make dev`:
    python brand.py                                      draws the pictures of pictures.json, or continues
    python brand.py approve poster                       accepts a picture; reject refuses it
    python brand.py tweak poster "Fix red violations"    has it drawn again with a change
    python brand.py retry                                has rejected and failed pictures drawn again
"""

import argparse
import hashlib
import json
import sys
from pathlib import Path
from typing import cast

from genwarden import Client, GenwardenError
from genwarden.types import Decision, SubmitRequest, Task


def submit(client: Client, pictures: Path) -> str:
    """The job of these pictures. The key is a digest of the request, so there is one job, and nothing is paid twice."""
    brand = json.loads(pictures.read_text())
    request: SubmitRequest = {
        "kind": "image",
        "tasks": [{"name": name, "input": {"prompt": prompt}} for name, prompt in brand["pictures"].items()],
        # With a check, only what it flags waits for a person.
        "policy": {"check": {"prompt": brand["rules"]}, "reviewTimeout": "3d"},
        "labels": {"app": "brand"},
    }
    key = hashlib.sha256(json.dumps(request).encode()).hexdigest()
    return client.submit(request, idempotency_key=f"brand-{key}")["id"]


def decide(client: Client, job: str, name: str, decision: Decision, change: str | None) -> None:
    # The run says which picture the person saw: the API refuses the decision if there is another one by now.
    runs = {task["name"]: task["run"] for task in client.get(job).get("tasks", [])}
    client.review(job, name, decision, run=runs.get(name, 1), instruction=change)
    print(f"{name}: {decision}")


def follow(client: Client, job: str, folder: Path) -> int:
    """Prints what becomes of each picture until the last one is decided. Returns the exit code."""
    shown: dict[int, object] = {}

    def show_news(tasks: list[Task]) -> None:
        for task in tasks:
            news = (task["state"], task["run"], task["waitingFor"] and task["waitingFor"]["reason"])
            if shown.get(task["index"]) != news:
                show(client, job, task, folder)
            shown[task["index"]] = news

    for event in client.events(job):
        if event["event"] != "progress":
            show_news(client.get(job).get("tasks", []))
    ended = client.wait(job)
    show_news(ended.get("tasks", []))
    approved, total = ended["progress"]["succeeded"], ended["progress"]["total"]
    print(f"{approved} of {total} pictures are approved, in {folder.resolve()}")
    return 0 if approved == total else 1


def show(client: Client, job: str, task: Task, folder: Path) -> None:
    """Says why the picture is where it is, and saves one that is finished or waits for a person."""
    name, state, error, waiting = task["name"], task["state"], task["error"], task["waitingFor"]
    why = task["message"]
    if error:
        why = f"{error['code']}: {error['message']} {error['hint']}"
    elif waiting and state != "needs_review":
        why = waiting["detail"]
    print(f"  {name} is {state}: {why}")
    if state in ("succeeded", "needs_review"):
        place = folder if state == "succeeded" else folder / "in-review"
        place.mkdir(parents=True, exist_ok=True)
        saved = client.download(job, task["index"], "image", place / f"{name}-{task['run']}.png")
        print(f"    saved {saved.path}")
    if state == "needs_review":
        print(f'    decide on the page, or: brand.py approve|reject|tweak {name} ["CHANGE"]')


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", nargs="?", default="draw", choices=["draw", "approve", "reject", "tweak", "retry"])
    parser.add_argument("picture", nargs="?", default="")
    parser.add_argument("change", nargs="?")
    parser.add_argument("--pictures", type=Path, default=Path(__file__).with_name("pictures.json"))
    parser.add_argument("--to", type=Path, default=Path("brand-images"))
    given = parser.parse_args()
    with Client() as client:
        job = submit(client, given.pictures)
        if given.command in ("approve", "reject", "tweak"):
            decide(client, job, given.picture, cast(Decision, given.command), given.change)
            return 0
        print(f"Job {job}")
        if given.command == "retry":
            client.retry(job)
        try:
            return follow(client, job, given.to)
        except KeyboardInterrupt:
            print(f"\nJob {job} continues. Run the same command to come back, or: genwarden watch {job}")
            return 130


if __name__ == "__main__":
    try:
        sys.exit(main())
    except GenwardenError as error:  # Its text is what is wrong, its code, and what to do.
        sys.exit(str(error))
