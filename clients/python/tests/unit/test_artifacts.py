"""Downloads and uploads: digests, lost connections, redirects to the artifact store, and files."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from genwarden import ApiError, ApiUnreachable, DigestMismatch, DownloadError, GenwardenError

from .conftest import Both
from .script import Script, problem
from .test_events import Stream

BYTES = bytes(range(256)) * 40
DIGEST = f"sha256:{hashlib.sha256(BYTES).hexdigest()}"
HEADERS = {"etag": f'"{DIGEST}"', "content-type": "image/png"}


def whole(content: bytes = BYTES, **headers: str) -> httpx.Response:
    return httpx.Response(200, content=content, headers=HEADERS | headers)


def cut(at: int, status: int = 200, start: int = 0) -> Callable[[httpx.Request], httpx.Response]:
    ranged = {"content-range": f"bytes {start}-{len(BYTES) - 1}/{len(BYTES)}"} if status == 206 else {}
    headers = HEADERS | ranged | {"content-length": str(len(BYTES) - start)}
    return lambda _: httpx.Response(status, headers=headers, stream=Stream(BYTES[start:at], lost=True))


def rest(start: int) -> httpx.Response:
    headers = HEADERS | {"content-range": f"bytes {start}-{len(BYTES) - 1}/{len(BYTES)}"}
    return httpx.Response(206, content=BYTES[start:], headers=headers)


def read(client: Any) -> Any:
    return client.read("j1", "task a/b", "image")


def test_read_gives_the_bytes_and_what_they_are(both: Both) -> None:
    script = Script(whole())
    found = both.run(script, lambda client: client.read("j1", "task a/b", "image", run=2))
    assert (found.content, found.media_type, found.digest) == (BYTES, "image/png", DIGEST)
    assert str(script.requests[0].url) == "http://api/v1/jobs/j1/tasks/task%20a%2Fb/artifacts/image?run=2"


def test_reference_gives_the_bytes_of_a_reference_image(both: Both) -> None:
    script = Script(cut(5000), rest(5000))
    found = both.run(script, lambda client: client.reference("j1", "task a/b", 3))
    assert (found.content, found.media_type, found.digest) == (BYTES, "image/png", DIGEST)
    assert str(script.requests[0].url) == "http://api/v1/jobs/j1/tasks/task%20a%2Fb/references/3"


def test_download_writes_a_file_once_it_is_whole(both: Both, tmp_path: Path) -> None:
    target = tmp_path / "yard.png"
    target.write_bytes(b"older")
    saved = both.run(Script(whole()), lambda client: client.download("j1", 0, "image", target))
    assert (saved.path, saved.size, saved.media_type, saved.digest) == (target, len(BYTES), "image/png", DIGEST)
    assert target.read_bytes() == BYTES
    assert list(tmp_path.iterdir()) == [target]


def test_stream_yields_pieces(both: Both) -> None:
    assert b"".join(both.run(Script(whole()), lambda client: client.stream("j1", 0, "image"))) == BYTES


def test_a_cut_download_resumes_where_it_stopped(both: Both) -> None:
    script = Script(cut(3_000), problem(503), cut(7_000, 206, 3_000), httpx.ConnectError("refused"), rest(7_000))
    assert both.run(script, read).content == BYTES
    ranges = [request.headers.get("range") for request in script.requests]
    assert ranges == [None, "bytes=3000-", "bytes=3000-", "bytes=7000-", "bytes=7000-"]


def test_a_server_that_ignores_ranges_sends_the_beginning_twice(both: Both) -> None:
    pieces = both.run(Script(cut(3_000), whole()), lambda client: client.stream("j1", 0, "image"))
    assert b"".join(pieces) == BYTES


@pytest.mark.parametrize(
    "content", [BYTES[:-1] + b"x", BYTES[:-1], BYTES + b"x", b""], ids=["other", "short", "long", "empty"]
)
def test_other_bytes_are_refused_and_leave_no_file(both: Both, tmp_path: Path, content: bytes) -> None:
    with pytest.raises(DigestMismatch) as raised:
        both.run(Script(whole(content)), lambda client: client.download("j1", 0, "image", tmp_path / "yard.png"))
    assert raised.value.expected == DIGEST
    assert "Artifact image of task 0 of job j1 has the digest sha256:" in str(raised.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("then", "code", "says"),
    [
        (cut(3_000, 206, 3_000), "Incomplete", "was cut after 3000 of 10240 bytes"),
        (httpx.ConnectError("refused"), "NoAnswer", "does not answer: refused"),
    ],
    ids=["cut", "refused"],
)
def test_a_download_that_cannot_be_completed_fails_in_time(
    both: Both, tmp_path: Path, then: Any, code: str, says: str
) -> None:
    started = both.clock.now
    with pytest.raises(GenwardenError, match=says) as raised:
        both.run(Script(cut(3_000), then), lambda client: client.download("j1", 0, "image", tmp_path / "yard.png"))
    assert raised.value.code == code
    assert both.clock.now - started <= 60
    assert list(tmp_path.iterdir()) == []


def test_a_download_without_any_answer_says_that(both: Both) -> None:
    with pytest.raises(ApiUnreachable):
        both.run(Script(httpx.ConnectError("refused")), read)


def test_an_artifact_of_another_run_is_not_appended(both: Both) -> None:
    other = httpx.Response(200, content=b"other", headers={"etag": '"sha256:1"'})
    with pytest.raises(DownloadError, match="replaced by that of another run"):
        both.run(Script(cut(3_000), other), read)


def test_a_refused_download_leaves_no_file(both: Both, tmp_path: Path) -> None:
    with pytest.raises(ApiError) as raised:
        both.run(
            Script(problem(404, "ArtifactNotFound")),
            lambda client: client.download("j1", 0, "image", tmp_path / "yard.png"),
        )
    assert raised.value.code == "ArtifactNotFound"
    assert list(tmp_path.iterdir()) == []


def test_the_artifact_store_gets_no_token_and_its_bytes_are_checked(both: Both) -> None:
    redirect = httpx.Response(
        307, headers={"location": "http://store/bucket/x?X-Amz-Signature=s", "etag": f'"{DIGEST}"'}
    )
    stored = httpx.Response(200, content=BYTES, headers={"etag": '"of-the-store"', "content-type": "image/png"})
    script = Script(redirect, stored)
    work = lambda client: client.read("j1", 0, "image", redirect=True)  # noqa: E731
    assert both.run(script, work, token="secret").content == BYTES
    api, store = script.requests
    assert (api.url.params["redirect"], api.headers["authorization"]) == ("true", "Bearer secret")
    assert store.url.host == "store"
    assert "authorization" not in store.headers
    assert "secret" not in str(store.headers)
    with pytest.raises(DigestMismatch):
        both.run(Script(redirect, httpx.Response(200, content=b"other")), work)


IMAGES = {b"\x89PNG\r\n\x1a\n..": "image/png", b"\xff\xd8\xff..": "image/jpeg", b"RIFF....WEBP": "image/webp"}


@pytest.mark.parametrize("as_path", [False, True], ids=["bytes", "path"])
@pytest.mark.parametrize("content", IMAGES, ids=IMAGES.values())
def test_uploads_know_the_type_of_an_image(both: Both, tmp_path: Path, content: bytes, as_path: bool) -> None:
    path = tmp_path / "image"
    path.write_bytes(content)
    script = Script(httpx.Response(201, json={"artifact": DIGEST}))
    assert both.run(script, lambda client: client.upload(path if as_path else content))["artifact"] == DIGEST
    assert (script.requests[0].headers["content-type"], script.requests[0].content) == (IMAGES[content], content)


def test_an_upload_of_something_else_needs_its_type(both: Both) -> None:
    with pytest.raises(ValueError, match="neither PNG, JPEG nor WebP"):
        both.run(Script(problem(500)), lambda client: client.upload(b"GIF89a"))
