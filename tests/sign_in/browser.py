"""A browser without a window: it keeps cookies, fills forms in, and stops where a redirect leads to us."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import urljoin

import requests

SECONDS = 10


class Form(HTMLParser):
    """The one form of a page: where it goes and what its inputs hold."""

    def __init__(self, page: requests.Response) -> None:
        super().__init__()
        self.action = page.url
        self.fields: dict[str, str] = {}
        self.forms = 0
        self.feed(page.text)
        assert self.forms == 1, page.text

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms += 1
            self.action = urljoin(self.action, values.get("action", ""))
        elif tag == "input" and values.get("type") != "checkbox":
            self.fields[values["name"]] = values.get("value", "")


class Browser:
    """Somebody at the university's sign-in. `ours` is where our own addresses begin."""

    def __init__(self, ours: str) -> None:
        self._ours = ours
        self._session = requests.Session()

    def go(self, url: str) -> requests.Response | str:
        """The page at `url`, or our address that it redirects to."""
        return self._follow(self._session.get(url, allow_redirects=False, timeout=SECONDS))

    def fill(self, page: requests.Response | str, **fields: str) -> requests.Response | str:
        """What comes of sending the form of `page` with `fields`."""
        assert isinstance(page, requests.Response), page
        form = Form(page)
        told = form.fields | fields
        return self._follow(self._session.post(form.action, data=told, allow_redirects=False, timeout=SECONDS))

    def _follow(self, answer: requests.Response) -> requests.Response | str:
        while answer.is_redirect:
            place = urljoin(answer.url, answer.headers["location"])
            if place.startswith(self._ours):
                return place
            answer = self._session.get(place, allow_redirects=False, timeout=SECONDS)
        return answer
