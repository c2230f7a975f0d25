"""Compares the client with the OpenAPI document of the API."""
