"""The HTTP API as an OpenAPI 3.1 document: `python -m infra.openapi` writes docs/openapi.json.

Routes, and which of them ask for a session, are those of the CDK app; actions, forms and arrangements those of the
definitions; codes and statuses those of problems.toml. What none of these tell is in `catalogue.py`, a row a route.
"""
