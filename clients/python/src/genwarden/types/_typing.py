"""`NotRequired`, which the standard library has from Python 3.11 on."""

import sys

if sys.version_info >= (3, 11):
    from typing import NotRequired
else:
    from typing_extensions import NotRequired

__all__ = ["NotRequired"]
