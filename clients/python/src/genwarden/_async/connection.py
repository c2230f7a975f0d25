"""Sends requests to the API, retries those that are safe to repeat, and raises its errors."""

from __future__ import annotations

import time
from typing import Any

import httpx

from .._core import answers
from .._core.requests import Request
from .._core.retries import Retries, chance
from .._core.settings import Settings, shown, timeout_of
from ..errors import ApiError, ApiUnreachable
from .runtime import HttpClient, sleep

Failure = ApiError | httpx.HTTPError


class Connection:
    """Owns the connections to one API."""

    def __init__(self, settings: Settings, http: HttpClient) -> None:
        self.settings = settings
        self.http = http

    async def value(self, request: Request, give_up_after: float | None = None) -> Any:
        """The JSON of the answer. `give_up_after`: None takes the client's."""
        return answers.value_of(await self.answer(request, self.retries(request, give_up_after)))

    def retries(self, request: Request, give_up_after: float | None = None) -> Retries:
        limit = self.settings.give_up_after if give_up_after is None else give_up_after
        return Retries(request.repeatable, request.changes, limit, started=time.monotonic())

    async def answer(self, request: Request, retries: Retries) -> httpx.Response:
        """Calls until an answer arrives. Raises `ApiError`, and `ApiUnreachable` when the client gives up."""
        while True:
            try:
                left = retries.left(time.monotonic())
                return checked(await self.http.send(self.build(request, left), follow_redirects=False))
            except (ApiError, httpx.HTTPError) as failure:
                await self.pause(failure, retries)

    async def opened(self, request: Request, retries: Retries) -> httpx.Response:
        """Like `answer`, but the body has not been read: the caller closes the answer."""
        while True:
            try:
                sent = self.build(request, retries.left(time.monotonic()))
                response = await self.http.send(sent, stream=True, follow_redirects=False)
                if response.is_success or response.is_redirect:
                    return response
                try:
                    await response.aread()
                finally:
                    await response.aclose()
                checked(response)
                return response
            except (ApiError, httpx.HTTPError) as failure:
                await self.pause(failure, retries)

    def build(self, request: Request, left: float) -> httpx.Request:
        return self.http.build_request(
            request.method,
            f"{self.settings.url}{request.path}",
            params=httpx.QueryParams(list(request.query)) if request.query else None,
            headers={**self.settings.headers_now(), **request.headers},
            json=request.json,
            content=request.content,
            timeout=timeout_of(request.held, left),
        )

    async def pause(self, failure: Failure, retries: Retries) -> None:
        """Sleeps until the next attempt. Raises if there is none."""
        delay = retries.delay(failure, time.monotonic(), chance())
        if delay is not None:
            await sleep(delay)
        elif isinstance(failure, ApiError):
            failure.may_have_applied = retries.may_have_applied
            raise failure
        else:
            url = shown(self.settings.url)
            what = str(failure) or type(failure).__name__
            detail = f"{url} does not answer: {what}"
            raise ApiUnreachable(detail, url=url, may_have_applied=retries.may_have_applied) from failure


def checked(response: httpx.Response) -> httpx.Response:
    error = answers.error_of(response)
    if error is not None:
        raise error
    return response
