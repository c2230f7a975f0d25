"""The version of the client, which is that of the API of the same release."""

__version__ = "0.1.0"
