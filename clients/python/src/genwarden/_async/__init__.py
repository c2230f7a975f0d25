"""The asynchronous client. `hack/python/sync.py` generates the synchronous one from these files, except for runtime.py."""
