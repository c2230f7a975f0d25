"""Parses server-sent events (WHATWG HTML, "Server-sent events") from bytes that arrive in any pieces."""

from __future__ import annotations

import codecs
import json
import re
from typing import Any

# Not `str.splitlines`, which also splits at characters that JSON may contain, such as U+2028.
_LINE_END = re.compile(r"\r\n|\n|\r")


class EventParser:
    """Feed it bytes; it returns the events that are now complete, without comments and events that have no data."""

    def __init__(self) -> None:
        self._decode = codecs.getincrementaldecoder("utf-8")(errors="replace").decode
        self._text = ""
        self._fields: dict[str, str] = {}

    def feed(self, data: bytes) -> list[dict[str, Any]]:
        self._text += self._decode(data)
        # A carriage return at the end may be half of a line end.
        whole = self._text[:-1] if self._text.endswith("\r") else self._text
        *lines, rest = _LINE_END.split(whole)
        self._text = rest + self._text[len(whole) :]
        return [event for event in map(self._take, lines) if event is not None]

    def _take(self, line: str) -> dict[str, Any] | None:
        if line == "":
            fields, self._fields = self._fields, {}
            return _event(fields)
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data" and "data" in self._fields:
            value = f"{self._fields['data']}\n{value}"
        if name != "":
            self._fields[name] = value
        return None


def _event(fields: dict[str, str]) -> dict[str, Any] | None:
    if "data" not in fields or "event" not in fields:
        return None
    identity = {"id": fields["id"]} if "id" in fields else {}
    return {"event": fields["event"], **identity, "data": json.loads(fields["data"])}
