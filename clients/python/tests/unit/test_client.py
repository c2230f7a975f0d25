"""The client itself: settings, secrets, connections, threads, and the likeness of the two clients."""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
import pickle
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from genwarden import (
    ApiError,
    ApiUnreachable,
    AsyncClient,
    Client,
    DigestMismatch,
    GenwardenError,
    OutputError,
    OutputIssue,
    WaitTimeout,
    __version__,
)

from .conftest import Both
from .script import Script, job, problem

ROOT = Path(__file__).resolve().parents[4]


@pytest.fixture
def server() -> Iterator[str]:
    """Answers each request with its path, headers and body."""

    class Echo(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            content = json.dumps({"id": self.path.rsplit("/", 1)[-1], "headers": dict(self.headers)}).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 256

    with Server(("127.0.0.1", 0), Echo) as http:
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{http.server_address[1]}"
        http.shutdown()
        thread.join()


def test_settings_come_from_the_environment(both: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENWARDEN_URL", "http://elsewhere:8080/")
    monkeypatch.setenv("GENWARDEN_TOKEN", "from-environment")
    assert repr(Client()) == "Client('http://elsewhere:8080')"
    script = Script(httpx.Response(200, json=job("queued")))
    both.run(script, lambda client: client.get("j1"))
    both.run(script, lambda client: client.get("j1"), token="given", namespace="acme")
    first, second = [request.headers for request in script.requests]
    assert (first["authorization"], first.get("genwarden-namespace")) == ("Bearer from-environment", None)
    assert (second["authorization"], second["genwarden-namespace"]) == ("Bearer given", "acme")
    assert first["user-agent"].startswith("genwarden-python/")


def test_without_settings_the_client_asks_this_machine_without_a_token(server: str) -> None:
    assert repr(Client()) == "Client('http://127.0.0.1:8080')"
    with Client(server) as client:
        sent: Any = client.get("j1")
    assert "Authorization" not in sent["headers"]


@pytest.mark.parametrize("url", ["localhost:8080", "ftp://x", "//x"])
def test_an_address_without_its_protocol_is_refused_at_once(url: str) -> None:
    with pytest.raises(ValueError, match="must begin with http:// or https://"):
        Client(url)


def test_no_secret_is_shown_or_logged(both: Both, server: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    client = Client("http://user:password@api", token="top-secret")
    assert repr(client) == "Client('http://api')"
    assert "secret" not in repr(client._connection.settings)
    assert "password" not in repr(client._connection.settings)
    with Client(server, token="top-secret") as real:
        assert real.get("j1")
    for failure in (httpx.ConnectError("refused"), problem(401, "Unauthorized")):
        with pytest.raises(GenwardenError) as raised:
            both.run(Script(failure), lambda client: client.get("j1"), token="top-secret")
        assert "secret" not in f"{raised.value!r} {raised.value} {raised.value.__dict__}"
    assert caplog.records
    assert "secret" not in caplog.text


def test_a_token_may_change(both: Both) -> None:
    tokens = iter(["one", "two"])
    script = Script(problem(429), httpx.Response(200, json=job("queued")))
    both.run(script, lambda client: client.get("j1"), token=lambda: next(tokens))
    assert [request.headers["authorization"] for request in script.requests] == ["Bearer one", "Bearer two"]


def test_threads_share_a_client_and_none_is_left(server: str) -> None:
    before = set(threading.enumerate())
    with Client(server) as client, ThreadPoolExecutor(8) as threads:
        found = list(threads.map(client.get, [f"j{number}" for number in range(200)]))
    assert [each["id"] for each in found] == [f"j{number}" for number in range(200)]
    # The server has a thread for each connection until it sees its end.
    left = [each.name for each in set(threading.enumerate()) - before]
    assert [name for name in left if "process_request_thread" not in name] == []


def test_clients_close_their_own_connections_only() -> None:
    own = Client("http://api")
    with own:
        pass
    with pytest.raises(RuntimeError, match="closed"):
        own.get("j1")

    async def close() -> None:
        async with httpx.AsyncClient(
            transport=httpx.MockTransport(Script(httpx.Response(200, json=job("queued"))))
        ) as http:
            async with AsyncClient("http://api", http=http):
                pass
            assert not http.is_closed
        async with AsyncClient("http://api") as client:
            pass
        with pytest.raises(RuntimeError, match="closed"):
            await client.get("j1")

    asyncio.run(close())


def test_many_tasks_share_an_asynchronous_client(server: str) -> None:
    async def ask() -> list[str]:
        async with AsyncClient(server) as client:
            found = await asyncio.gather(*[client.get(f"j{number}") for number in range(200)])
        return [each["id"] for each in found]

    assert asyncio.run(ask()) == [f"j{number}" for number in range(200)]


def test_a_wait_can_be_cancelled() -> None:
    async def cancel() -> None:
        asked = asyncio.Event()

        async def hold(_: httpx.Request) -> httpx.Response:
            asked.set()
            await asyncio.Event().wait()
            raise AssertionError

        async with (
            httpx.AsyncClient(transport=httpx.MockTransport(hold)) as http,
            AsyncClient("http://a", http=http) as client,
        ):
            waiting = asyncio.create_task(client.wait("j1"))
            await asked.wait()
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting

    asyncio.run(cancel())


@pytest.mark.parametrize(
    "error",
    [
        ApiError({"status": 404, "code": "JobNotFound", "detail": "No job", "hint": "Look."}, retry_after=2),
        ApiUnreachable("http://a does not answer", url="http://a", may_have_applied=True),
        WaitTimeout("j1", 3),
        DigestMismatch("Artifact", expected="sha256:a", actual="sha256:b"),
        OutputError("No", code="OutputMismatch", hint="Look.", job="j1", task=0, issues=(OutputIssue("a", "b"),)),
    ],
    ids=lambda error: type(error).__name__,
)
def test_errors_survive_pickling(error: GenwardenError) -> None:
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301, because the bytes come from the line itself
    assert (type(copy), str(copy), copy.__dict__) == (type(error), str(error), error.__dict__)


def test_lists_have_all_pages(both: Both) -> None:
    pages = [
        {"items": [{"id": "a"}, {"id": "b"}], "next": "c1"},
        {"items": [], "next": "c2"},
        {"items": [{"id": "c"}], "next": None},
    ]
    script = Script(*[httpx.Response(200, json=page) for page in pages])
    found = both.run(script, lambda client: client.list(state=["open", "failed"], labels={"a": "b"}, page_size=2))
    assert [each["id"] for each in found] == ["a", "b", "c"]
    queries = [request.url.params.multi_items() for request in script.requests]
    same = [("state", "open"), ("state", "failed"), ("label", "a=b"), ("limit", "2")]
    assert queries == [same, [*same, ("cursor", "c1")], [*same, ("cursor", "c2")]]


def test_names_are_quoted_in_addresses(both: Both) -> None:
    script = Script(httpx.Response(200, json=job("queued")))
    both.run(script, lambda client: client.review("../j?", "a/b", "tweak", run=2, instruction="Redder", note="n"))
    assert str(script.requests[0].url) == "http://api/v1/jobs/..%2Fj%3F/tasks/a%2Fb/review"
    assert json.loads(script.requests[0].content) == {
        "run": 2,
        "decision": "tweak",
        "instruction": "Redder",
        "note": "n",
    }


def public(client: type) -> dict[str, list[str]]:
    members = {name: member for name, member in inspect.getmembers(client, callable) if not name.startswith("_")}
    return {name: list(inspect.signature(member).parameters) for name, member in members.items()}


def test_both_clients_have_the_same_calls() -> None:
    asynchronous = public(AsyncClient)
    asynchronous["close"] = asynchronous.pop("aclose")
    assert asynchronous == public(Client)
    assert len(asynchronous) > 20


def test_the_version_is_that_of_genwarden() -> None:
    assert __version__ == json.loads((ROOT / "package.json").read_text())["version"]


def test_the_synchronous_client_is_generated_from_the_asynchronous_one() -> None:
    script = ROOT / "hack/python/sync.py"
    compared = subprocess.run([sys.executable, str(script), "--check"], capture_output=True, text=True, check=False)
    assert (compared.stdout, compared.stderr, compared.returncode) == ("", "", 0)
