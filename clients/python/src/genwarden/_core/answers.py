"""Turns answers of the API into values or errors."""

from __future__ import annotations

import json
import re
import time
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from .._version import __version__
from ..errors import ApiError

_NO_SUCH_CALL = (
    f"The API does not have this call: it may be older than this client ({__version__}). "
    "Upgrade the API, or use the client of its version."
)
_WRONG_ADDRESS = "Check that the address is that of a Genwarden API."


def error_of(response: httpx.Response) -> ApiError | None:
    """The error of an answer whose body was read; None if it is none."""
    if response.is_success or response.status_code == 304:
        return None
    retry_after = seconds(response.headers.get("retry-after"))
    body = _parsed(response)
    if isinstance(body, dict) and {"code", "detail", "status"} <= body.keys():
        if body["code"] == "RouteNotFound":
            body["hint"] = _NO_SUCH_CALL
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
    """A `Retry-After`, which is a number or, from a proxy, a date."""
    if text is None:
        return None
    if re.fullmatch(r"\s*\d+(\.\d+)?\s*", text):
        return float(text)
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, date.timestamp() - time.time())


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
