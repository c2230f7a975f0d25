"""The client with all calls."""

from __future__ import annotations

from types import TracebackType
from typing import TypeVar

from .._core.settings import LIMITS, Token, settings_of, shown
from .connection import Connection
from .installation import InstallationCalls
from .outputs import OutputCalls
from .runtime import HttpClient

Self = TypeVar("Self", bound="AsyncClient")


class AsyncClient(OutputCalls, InstallationCalls):
    """
    The asynchronous client of a Genwarden API. Use it in `async with`, or close it with `aclose`.

    Many tasks may share a client. Every call raises `ApiError` when the API refuses it, and `ApiUnreachable` without an answer.
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        token: Token | None = None,
        namespace: str | None = None,
        give_up_after: float | None = None,
        http: HttpClient | None = None,
    ) -> None:
        """
        `url` and `token` default to the environment variables `GENWARDEN_URL` and `GENWARDEN_TOKEN`. A function as `token` is
        called for each request, so that a token may change. `namespace` names the tenant, if the token may use several.
        `give_up_after` limits how long calls are retried while the API does not answer, in seconds; default: 30, and 300 for
        calls that follow a job. `http` sends the requests, for example through a proxy; the caller closes it.
        """
        self._owns_http = http is None
        settings = settings_of(url, token, namespace, give_up_after)
        self._connection = Connection(settings, HttpClient(limits=LIMITS) if http is None else http)

    async def aclose(self) -> None:
        """Closes the connections."""
        if self._owns_http:
            await self._connection.http.aclose()

    async def __aenter__(self: Self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({shown(self._connection.settings.url)!r})"
