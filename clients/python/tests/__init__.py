"""`unit` needs nothing, `contract` the OpenAPI document, `live` an installation. `make test-clients` runs all."""
