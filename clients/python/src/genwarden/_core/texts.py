"""The text of one task as the model writes it: the new part of each piece, so that a new connection repeats nothing."""

from __future__ import annotations

from typing import Any

from ..types import JobEvent, TextPiece
from .states import find_task

_RUNNING = ("queued", "running", "waiting")


class ShownText:
    """What was passed on so far, in UTF-16 code units, because offsets count those."""

    def __init__(self) -> None:
        self._text = b""
        self._of: tuple[int, int] | None = None

    def next(self, piece: TextPiece) -> TextPiece | None:
        """The part of a piece that is new; None if there is none."""
        attempt = (piece["run"], piece["attempt"])
        at, text = 2 * piece["offset"], piece["text"].encode("utf-16-le", "surrogatepass")
        known = self._text[at : at + len(text)] if attempt == self._of else b""
        if not text.startswith(known):
            known = b""
        at, added = at + len(known), text[len(known) :]
        if not added:
            return None
        self._of = attempt
        self._text = self._text[:at] + added
        new = added.decode("utf-16-le", "surrogatepass")
        return {"run": piece["run"], "attempt": piece["attempt"], "offset": at // 2, "text": new}


def text_in(event: JobEvent, task: int) -> TextPiece | None:
    """The piece of the task's text that an event brings."""
    if event["event"] == "progress" and event["data"]["task"] == task:
        return event["data"].get("partial")
    return None


def has_ended(event: JobEvent, task: int) -> bool:
    """The task will not write more text."""
    if event["event"] == "snapshot":
        found = find_task(event["data"], task)
        return found is None or found["state"] not in _RUNNING
    return event["event"] == "task" and event["data"]["task"] == task and event["data"]["state"] not in _RUNNING


def rest_of(output: Any, run: int, attempt: int) -> TextPiece | None:
    """The whole text as a piece, because the last pieces may have been lost with a connection. Of JSON, the text is not known."""
    return {"run": run, "attempt": attempt, "offset": 0, "text": output} if isinstance(output, str) else None
