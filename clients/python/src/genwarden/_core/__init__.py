"""Decisions without I/O, which the synchronous and the asynchronous client share."""
