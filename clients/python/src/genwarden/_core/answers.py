"""Turns answers of the API into values or errors."""

from __future__ import annotations

import json
from typing import Any

import httpx

from ..errors import ApiError

_WRONG_ADDRESS = "Check that the address is that of a Genwarden API."


def error_of(response: httpx.Response) -> ApiError | None:
    """The error of an answer whose body was read; None if it is none."""
    if response.is_success or response.status_code == 304:
        return None
    retry_after = seconds(response.headers.get("retry-after"))
    body = _parsed(response)
    if isinstance(body, dict) and {"code", "detail", "status"} <= body.keys():
        return ApiError(body, retry_after=retry_after)
    detail = f"{_shown(response.url)} answered {response.status_code} without a problem document"
    hint = _WRONG_ADDRESS
    if response.is_redirect:
        target = response.headers.get("location", "")
        hint = f"It redirects to {target}. The client does not follow it with a token: use the right address."
    return ApiError(_unknown(response, detail, hint), retry_after=retry_after)


def value_of(response: httpx.Response) -> Any:
    """The JSON of an answer. Raises `ApiError` if it has none."""
    body = _parsed(response)
    if body is not None:
        return body
    detail = f"{_shown(response.url)} answered {response.status_code} without JSON"
    raise ApiError(_unknown(response, detail, _WRONG_ADDRESS))


def tag_of(response: httpx.Response) -> str:
    tag = response.headers.get("etag")
    if tag is not None:
        return str(tag)
    detail = f"{_shown(response.url)} answered without an ETag"
    raise ApiError(_unknown(response, detail, "Check that no proxy drops headers."))


def seconds(text: str | None) -> float | None:
    """A `Retry-After` in seconds; None for a date, which a Genwarden API does not send."""
    try:
        return max(0.0, float(text)) if text is not None and text.strip().isdigit() else None
    except ValueError:
        return None


def _parsed(response: httpx.Response) -> Any:
    try:
        return json.loads(response.content)
    except ValueError:
        return None


def _unknown(response: httpx.Response, detail: str, hint: str) -> dict[str, Any]:
    title = response.reason_phrase
    return {"status": response.status_code, "code": "Unknown", "title": title, "detail": detail, "hint": hint}


def _shown(url: httpx.URL) -> str:
    """Without the query, which may hold a signature."""
    return str(url.copy_with(query=None, userinfo=b""))
