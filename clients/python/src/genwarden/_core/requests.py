"""The requests of the API as data: what each call of the client sends, and whether it is safe to repeat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

Query = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Request:
    """One request. `repeatable`: a lost answer does no harm, because the same request again has the same effect."""

    method: str
    path: str
    query: Query = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    json: Any = None
    content: bytes | None = None
    repeatable: bool = False
    held: float | None = None
    """For how long the API may send nothing, because it holds the answer, in seconds."""

    @property
    def changes(self) -> bool:
        return self.method != "GET"


def get(path: str, query: Query = (), headers: Mapping[str, str] | None = None, **more: Any) -> Request:
    return Request("GET", path, query, headers or {}, repeatable=True, **more)


def post(path: str, body: Any, *, repeatable: bool = False) -> Request:
    return Request("POST", path, json=body, repeatable=repeatable)


def job_path(job: str, *rest: str | int) -> str:
    return "/".join(["/v1/jobs", *(quote(str(part), safe="") for part in (job, *rest))])


def pool_path(pool: str, action: str) -> str:
    return f"/v1/pools/{quote(pool, safe='')}/{action}"


def submit(body: Mapping[str, Any], key: str) -> Request:
    return Request("POST", "/v1/jobs", headers={"idempotency-key": key}, json=body, repeatable=True)


def listing(
    *,
    state: str | Sequence[str] | None,
    pool: str | None,
    kind: str | None,
    labels: Mapping[str, str] | None,
    search: str | None,
    page_size: int | None,
    cursor: str | None,
) -> Request:
    states = [] if state is None else [state] if isinstance(state, str) else state
    query = [("state", each) for each in states]
    query += [("label", f"{key}={value}") for key, value in (labels or {}).items()]
    limit = None if page_size is None else str(page_size)
    return get("/v1/jobs", query + given(pool=pool, kind=kind, search=search, limit=limit, cursor=cursor))


def job(name: str, *, task_state: str | Sequence[str] | None, tasks: bool) -> Request:
    states = [] if task_state is None else [task_state] if isinstance(task_state, str) else task_state
    return get(job_path(name), [("taskState", each) for each in states] + given(tasks=None if tasks else "false"))


def held_job(name: str, tag: str | None, hold: float) -> Request:
    """Answers when the job differs from the version `tag`, at the latest after `hold` seconds; without a tag at once."""
    if tag is None:
        return get(job_path(name))
    query = [("wait", f"{max(1, round(hold * 1000))}ms")]
    return get(job_path(name), query, {"if-none-match": tag}, held=hold + 10)


def given(**parameters: str | None) -> list[tuple[str, str]]:
    """The query parameters that have a value."""
    return [(name, value) for name, value in parameters.items() if value is not None]
