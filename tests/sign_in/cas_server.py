"""A CAS 3.0 server on the loopback, for sign-in tests: django-cas-server with all of its settings in this one file.

Run it with the interpreter of a virtual environment that has `cas-requirements.in` installed, and isolated, since
this file has the name of the package that it serves:

    python -I cas_server.py '{"port": 9002, "folder": "...", "accounts": {...}, "services": "^http://127[.]0[.]0[.]1:"}'

In, as one JSON argument:
    port            where to listen on 127.0.0.1
    folder          where the sqlite database goes; an earlier one there is removed
    accounts        {user: {"password": str, "attributes": {name: str or list of str}}}; only these can sign in
    services        a regular expression that matches, from its beginning, the service URLs that get tickets
    single_log_out  optional, true: a sign-out posts a logoutRequest to every service that validated a ticket
    watch_stdin     optional, true: exit when standard input ends, that is when the parent process is gone

Out: the line `ready` on standard output once it listens; everything else goes to standard error.
"""

import copy
import hmac
import json
import os
import secrets
import sys
import threading
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.management import call_command
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application

HOST = "127.0.0.1"
ACCOUNTS: dict[str, dict[str, Any]] = {}
urlpatterns: list[Any] = []  # filled once Django is set up: this module is the ROOT_URLCONF


class AccountAuth:
    """The accounts of the tests as django-cas-server's authentication class (CAS_AUTH_CLASS)."""

    def __init__(self, username: str) -> None:
        self.username = username

    def test_password(self, password: str) -> bool:
        """Whether the account exists and has this password."""
        account = ACCOUNTS.get(self.username)
        return account is not None and hmac.compare_digest(password.encode(), account["password"].encode())

    def attributs(self) -> dict[str, Any]:
        """What a validated ticket tells about the account."""
        return copy.deepcopy(ACCOUNTS.get(self.username, {}).get("attributes", {}))


def configure(port: int, database: Path) -> None:
    """Set Django up for one port and one sqlite file."""
    settings.configure(
        ALLOWED_HOSTS=[HOST],
        CAS_AUTH_CLASS=AccountAuth,
        # Nothing from other hosts: no stylesheets, and of jQuery only the name that the pages' inline script calls
        CAS_COMPONENT_URLS={
            "bootstrap4_css": "data:text/css,",
            "bootstrap4_js": "data:text/javascript,",
            "jquery": "data:text/javascript,window.jQuery=function(){}",
        },
        CAS_NEW_VERSION_EMAIL_WARNING=False,
        CAS_NEW_VERSION_HTML_WARNING=False,  # else each page asks the package index for the newest version
        CAS_SHOW_POWERED=False,
        # A browser sends cookies to every port of a host: servers side by side need names of their own
        CSRF_COOKIE_NAME=f"cas{port}_csrf",
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": database,
                "OPTIONS": {
                    "timeout": 20,
                    "transaction_mode": "IMMEDIATE",
                    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;",
                },
            }
        },
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        INSTALLED_APPS=[
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "django.contrib.messages",
            "django.contrib.staticfiles",
            "cas_server",
        ],
        LANGUAGE_CODE="en",
        LOGGING={
            "version": 1,
            "disable_existing_loggers": False,
            "handlers": {"stderr": {"class": "logging.StreamHandler"}},
            "root": {"handlers": ["stderr"], "level": "INFO"},
        },
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
        ],
        ROOT_URLCONF="__main__",
        SECRET_KEY=secrets.token_hex(32),
        SESSION_COOKIE_NAME=f"cas{port}_session",
        STATIC_URL="/static/",
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {
                    "context_processors": [
                        "django.template.context_processors.request",
                        "django.contrib.messages.context_processors.messages",
                    ]
                },
            }
        ],
        USE_TZ=True,
    )
    django.setup()


def allow(services: str, single_log_out: bool) -> None:
    """Let the services that match the pattern have tickets, with every attribute of the account."""
    from cas_server.models import ReplaceAttributName, ServicePattern

    pattern = ServicePattern.objects.create(name="tests", pattern=services, single_log_out=single_log_out)
    ReplaceAttributName.objects.create(name="*", service_pattern=pattern)


def exit_with_parent() -> None:
    """Wait for the end of standard input, then end the process."""
    sys.stdin.buffer.read()
    os._exit(0)


def main(options: dict[str, Any]) -> None:
    """Make the database, then serve until the process is ended."""
    from django.urls import include, path

    database = Path(options["folder"]) / f"cas-{options['port']}.sqlite3"
    for suffix in ("", "-wal", "-shm"):
        Path(f"{database}{suffix}").unlink(missing_ok=True)
    ACCOUNTS.update(options["accounts"])
    configure(options["port"], database)
    urlpatterns.append(path("", include("cas_server.urls")))
    call_command("migrate", verbosity=0)
    allow(options["services"], options.get("single_log_out", False))

    server = ThreadedWSGIServer((HOST, options["port"]), WSGIRequestHandler)
    server.daemon_threads = True
    server.set_app(StaticFilesHandler(get_wsgi_application()))
    if options.get("watch_stdin"):
        threading.Thread(target=exit_with_parent, daemon=True).start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
