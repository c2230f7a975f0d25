"""Tests of the client. `make test-clients` runs them; those in `live` need the installation that it starts."""
