"""The calls that download results and upload reference images."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import httpx

from .._core.requests import Request
from .._core.retries import Retries
from .._core.settings import timeout_of
from .._core.transfer import Content, SavedFile, Transfer, media_type_of
from ..errors import ApiUnreachable
from ..types import ImageMediaType, UploadedReference
from .base import Calls
from .connection import checked
from .runtime import in_thread


class ArtifactCalls(Calls):
    async def download(
        self,
        job: str,
        task: str | int,
        name: str,
        to: str | os.PathLike[str],
        *,
        run: int | None = None,
        redirect: bool = False,
    ) -> SavedFile:
        """
        Downloads an artifact of the task's current run, or of another `run`, into the file `to`. Checks the digest, and resumes
        after a lost connection. The file appears when it is whole, and replaces an older one. With `redirect`, the bytes come
        from the artifact store itself, if that is S3.
        """
        target = Path(to)
        part = target.with_name(f".{target.name}.{uuid4().hex[:8]}.part")
        transfer = Transfer.of_artifact(job, task, name, run=run, redirect=redirect)
        file = await in_thread(part.open, "wb")
        try:
            try:
                async for data in self._bytes(transfer):
                    await in_thread(file.write, data)
            finally:
                await in_thread(file.close)
            await in_thread(os.replace, part, target)
        finally:
            part.unlink(missing_ok=True)
        return SavedFile(target, transfer.received, transfer.media_type, transfer.digest)

    async def read(
        self, job: str, task: str | int, name: str, *, run: int | None = None, redirect: bool = False
    ) -> Content:
        """Like `download`, into memory."""
        return await self._content(Transfer.of_artifact(job, task, name, run=run, redirect=redirect))

    async def reference(self, job: str, task: str | int, place: int, *, redirect: bool = False) -> Content:
        """A reference image of a task, by its place in `references` of the input, from 0. Like `read`."""
        return await self._content(Transfer.of_reference(job, task, place, redirect=redirect))

    async def stream(
        self, job: str, task: str | int, name: str, *, run: int | None = None, redirect: bool = False
    ) -> AsyncIterator[bytes]:
        """Like `download`, piece by piece. Raises `DigestMismatch` after the last one: discard the bytes then."""
        async for data in self._bytes(Transfer.of_artifact(job, task, name, run=run, redirect=redirect)):
            yield data

    async def upload(
        self, image: bytes | str | os.PathLike[str], *, media_type: ImageMediaType | None = None
    ) -> UploadedReference:
        """Stores a reference image, given as bytes or as a path. Pass its `artifact` in `references` of an input."""
        content = image if isinstance(image, bytes) else await in_thread(Path(image).read_bytes)
        kind = media_type or media_type_of(content)
        if kind is None:
            raise ValueError("The image is neither PNG, JPEG nor WebP. Convert it, or give its media_type.")
        headers = {"content-type": kind}
        # The API knows an image by its digest, so a second upload changes nothing.
        request = Request("POST", "/v1/artifacts", headers=headers, content=content, repeatable=True)
        stored: UploadedReference = await self._value(request)
        return stored

    async def _content(self, transfer: Transfer) -> Content:
        pieces = [data async for data in self._bytes(transfer)]
        return Content(b"".join(pieces), transfer.media_type, transfer.digest)

    async def _bytes(self, transfer: Transfer) -> AsyncIterator[bytes]:
        retries = self._connection.retries(transfer.request())
        while not transfer.whole:
            before = transfer.received
            response = await self._opened(transfer, retries)
            failure: httpx.HTTPError | None = None
            try:
                transfer.begin(response)
                async for data in response.aiter_bytes():
                    for new in transfer.take(data):
                        yield new
            except httpx.TransportError as error:
                failure = error
            finally:
                await response.aclose()
            if failure is None:
                transfer.finish()
            if transfer.received > before:
                retries = self._connection.retries(transfer.request())
            if not transfer.whole:
                await self._pause(transfer, failure or httpx.ReadError("the answer ended early"), retries)

    async def _opened(self, transfer: Transfer, retries: Retries) -> httpx.Response:
        response = await self._connection.opened(transfer.request(), retries)
        transfer.expect(response)
        if not response.is_redirect:
            return response
        await response.aclose()
        # The store's URL holds its permission, and must not get the token.
        url = response.url.join(response.headers["location"])
        return await self._from_store(url, transfer)

    async def _from_store(self, url: httpx.URL, transfer: Transfer) -> httpx.Response:
        http = self._connection.http
        request = http.build_request("GET", url, headers=transfer.headers(), timeout=timeout_of(None, 0))
        request.headers.pop("authorization", None)
        response = await http.send(request, stream=True, follow_redirects=False)
        if response.is_success:
            return response
        await response.aread()
        await response.aclose()
        return checked(response)

    async def _pause(self, transfer: Transfer, failure: httpx.HTTPError, retries: Retries) -> None:
        try:
            await self._connection.pause(failure, retries)
        except ApiUnreachable as error:
            raise (transfer.cut() if transfer.received > 0 else error) from failure
