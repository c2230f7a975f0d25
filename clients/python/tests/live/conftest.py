"""The installation that test/clients/pythonLive.test.ts starts, and clients for it."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator

import httpx
import pytest
from genwarden import Client
from genwarden.types import SubmitRequest

URL = os.environ.get("GENWARDEN_TEST_URL", "")
TOKEN = os.environ.get("GENWARDEN_TEST_TOKEN", "")
PATIENCE = 120
"""Seconds: a busy machine takes long to start an API."""


@pytest.fixture
def client() -> Iterator[Client]:
    with Client(URL, token=TOKEN, give_up_after=PATIENCE) as client:
        yield client


@pytest.fixture
def other() -> Iterator[Client]:
    """Of another tenant."""
    with Client(URL, token=os.environ["GENWARDEN_TEST_OTHER_TOKEN"]) as client:
        yield client


@pytest.fixture
def admin() -> Iterator[Client]:
    with Client(URL, token=os.environ["GENWARDEN_TEST_ADMIN_TOKEN"]) as client:
        yield client


def restart_api() -> None:
    """Kills the API with SIGKILL. The next one starts meanwhile, at the same address."""
    httpx.post(os.environ["GENWARDEN_TEST_RESTART_URL"], timeout=60).raise_for_status()


def image(prompt: str = "the front yard", **more: object) -> SubmitRequest:
    """A cheap picture, whose prompt no other test has: markers of the stand-in count per prompt."""
    text = f"{prompt} {uuid.uuid4()} [standin: image small]"
    return {"kind": "image", "input": {"prompt": text}, **more}  # type: ignore[typeddict-item]


def images(*markers: str) -> SubmitRequest:
    """A job with one task for each marker."""
    tasks = [
        {"name": f"task-{at}", "input": {"prompt": f"{uuid.uuid4()} [standin: {marker}]"}}
        for at, marker in enumerate(markers)
    ]
    return {"kind": "image", "tasks": tasks}  # type: ignore[typeddict-item]
