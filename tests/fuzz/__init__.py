"""The API under random requests: every operation of the OpenAPI document, as everybody (schemathesis)."""
