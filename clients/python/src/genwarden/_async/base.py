"""What the groups of calls share."""

from __future__ import annotations

from typing import Any

from .._core.requests import Request
from .connection import Connection


class Calls:
    """The base of the groups of calls that make up the client."""

    _connection: Connection

    async def _value(self, request: Request, give_up_after: float | None = None) -> Any:
        return await self._connection.value(request, give_up_after)

    async def _items(self, request: Request) -> Any:
        """The items of a list that has one page."""
        return (await self._value(request))["items"]
