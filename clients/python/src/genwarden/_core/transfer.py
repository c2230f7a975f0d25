"""The state of one download: what has arrived, what to ask for next, and whether the bytes are right."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx

from ..errors import DigestMismatch, DownloadError
from .requests import Request, get, given, job_path


@dataclass(frozen=True)
class Content:
    """An artifact in memory."""

    content: bytes
    media_type: str
    digest: str
    """`sha256:` and the digest in hexadecimal."""


@dataclass(frozen=True)
class SavedFile:
    """An artifact in a file."""

    path: Path
    size: int
    media_type: str
    digest: str


class Transfer:
    """A download that may take several answers."""

    def __init__(self, what: str, path: str, *, run: int | None = None, redirect: bool = False) -> None:
        self.what = what
        self.media_type = "application/octet-stream"
        self.received = 0
        self.whole = False
        self._path = path
        self._query = given(run=None if run is None else str(run), redirect="true" if redirect else None)
        self._expected: str | None = None
        self._size: int | None = None
        self._skip = 0
        self._hash = hashlib.sha256()

    @classmethod
    def of_artifact(cls, job: str, task: str | int, name: str, *, run: int | None, redirect: bool) -> Transfer:
        path = job_path(job, "tasks", task, "artifacts", name)
        return cls(f"Artifact {name} of task {task} of job {job}", path, run=run, redirect=redirect)

    @classmethod
    def of_reference(cls, job: str, task: str | int, place: int, *, redirect: bool) -> Transfer:
        path = job_path(job, "tasks", task, "references", place)
        return cls(f"Reference {place} of task {task} of job {job}", path, redirect=redirect)

    def request(self) -> Request:
        """For the rest, if something has arrived."""
        return get(self._path, self._query, self.headers())

    def headers(self) -> dict[str, str]:
        # A compressed answer would count other bytes than the range does.
        plain = {"accept-encoding": "identity"}
        return plain if self.received == 0 else {**plain, "range": f"bytes={self.received}-"}

    def expect(self, response: httpx.Response) -> None:
        """Remembers the digest of an answer of the API. Raises `DownloadError` if the artifact has changed in between."""
        tag = response.headers.get("etag", "").strip('"')
        if not tag.startswith("sha256:"):
            return
        if self._expected not in (None, tag):
            detail = f"{self.what} was replaced by that of another run during the download"
            raise DownloadError(detail, code="Incomplete", hint="Download it again, or give the run.")
        self._expected = tag

    def begin(self, response: httpx.Response) -> None:
        """Prepares for the bytes of an answer, which may begin anew."""
        begins, self._size = _range_of(response)
        if begins > self.received:
            raise self.cut()
        self._skip = self.received - begins
        self.media_type = response.headers.get("content-type", self.media_type)

    def take(self, data: bytes) -> Iterator[bytes]:
        """The new bytes of a piece."""
        new = data[self._skip :]
        self._skip = max(0, self._skip - len(data))
        if new:
            self._hash.update(new)
            self.received += len(new)
            yield new

    def finish(self) -> None:
        """At the end of an answer. Raises `DigestMismatch`."""
        self.whole = self._size is None or self.received >= self._size
        if self.whole and self._expected not in (None, self.digest):
            raise DigestMismatch(self.what, expected=str(self._expected), actual=self.digest)

    def cut(self) -> DownloadError:
        total = "an unknown number of" if self._size is None else str(self._size)
        detail = f"{self.what} was cut after {self.received} of {total} bytes"
        hint = "Download it again. The log of the API says why it could not send the rest."
        return DownloadError(detail, code="Incomplete", hint=hint)

    @property
    def digest(self) -> str:
        """Of the bytes that have arrived."""
        return f"sha256:{self._hash.hexdigest()}"


def _range_of(response: httpx.Response) -> tuple[int, int | None]:
    """Where the bytes of an answer begin, and the size of the whole artifact."""
    if response.status_code == 206:
        found = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("content-range", ""))
        if found:
            return int(found[1]), None if found[2] == "*" else int(found[2])
    length = response.headers.get("content-length")
    return 0, int(length) if length is not None and length.isdigit() else None


def media_type_of(image: bytes) -> str | None:
    """The type of an image that the API accepts, by its first bytes."""
    if image.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if image.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    return "image/webp" if image[:4] == b"RIFF" and image[8:12] == b"WEBP" else None
