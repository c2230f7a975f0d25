"""Scripted answers: each request gets the next one, and is kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx

Answer = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]


class Script:
    """The last answer repeats."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        if not isinstance(answer, httpx.Response):
            return answer(request)
        # A response belongs to one request.
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)


def problem(status: int, code: str = "Unavailable", retry_after: int | None = None, **more: Any) -> httpx.Response:
    body = {"status": status, "code": code, "title": code, "detail": f"{code}!", "hint": "Try this.", "requestId": "r1"}
    headers = {} if retry_after is None else {"retry-after": str(retry_after)}
    return httpx.Response(status, json=body | more, headers=headers)


def task(index: int = 0, state: str = "succeeded", run: int = 1, **more: Any) -> dict[str, Any]:
    open_ = state in ("queued", "running", "waiting", "needs_review")
    return {
        "index": index,
        "name": f"task-{index}",
        "state": state,
        "run": run,
        "attempt": 1,
        "dueAt": "2026-01-01T00:00:00Z" if open_ else None,
        "error": None,
        "message": "",
        "output": None,
        "artifacts": [],
        **more,
    }


def job(state: str, *tasks: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": "j1", "state": state, "finishedAt": None, "awaitsReview": False, "tasks": [*tasks], **more}


def version(tag: str, body: dict[str, Any]) -> httpx.Response:
    return httpx.Response(200, json=body, headers={"etag": f'"{tag}"'})


NOT_MODIFIED = httpx.Response(304)
