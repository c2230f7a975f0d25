"""
The client of Genwarden, which runs slow, paid model calls as jobs that are never stuck.

`Client` and `AsyncClient` have the same calls. Requests and answers are dictionaries with the API's own names; `genwarden.types`
has their types.
"""

from ._async.client import AsyncClient
from ._core.transfer import Content, SavedFile
from ._sync.client import Client
from ._version import __version__
from .errors import (
    ApiError,
    ApiUnreachable,
    DigestMismatch,
    DownloadError,
    GenwardenError,
    OutputError,
    OutputIssue,
    WaitTimeout,
)

__all__ = [
    "ApiError",
    "ApiUnreachable",
    "AsyncClient",
    "Client",
    "Content",
    "DigestMismatch",
    "DownloadError",
    "GenwardenError",
    "OutputError",
    "OutputIssue",
    "SavedFile",
    "WaitTimeout",
    "__version__",
]
