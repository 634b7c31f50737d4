"""`python -m infra.local COMMAND`; the Makefile names the commands."""

from infra.local.commands import run

run()
