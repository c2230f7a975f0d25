"""What differs between the clients beyond `await`: this one must not block the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import httpx

P = ParamSpec("P")
T = TypeVar("T")

HttpClient = httpx.AsyncClient
sleep = asyncio.sleep


async def in_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """For work on files, which would block the event loop."""
    return await asyncio.to_thread(function, *args, **kwargs)
