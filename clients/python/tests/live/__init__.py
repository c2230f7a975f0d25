"""Tests against a real installation, which test/clients/pythonLive.test.ts starts."""
