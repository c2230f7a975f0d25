"""What differs between the clients beyond `await`: this one may block its thread."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import httpx

P = ParamSpec("P")
T = TypeVar("T")

HttpClient = httpx.Client
sleep = time.sleep


def in_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """The asynchronous client works on files in a thread; here the caller's thread does."""
    return function(*args, **kwargs)
