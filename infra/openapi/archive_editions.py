"""What the API tells of editions of archives, of runs that make many, and of links by which students share theirs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from yinji.editions.model import FILES, LANGUAGES, THEMES, State
from yinji.editions.sharing import LONGEST_NAME, SHOWS

from infra.openapi.shapes import COUNT, DAY, MOMENT, STUDENT, TEXT, Schema, choice, many, maybe, obj, table
from infra.openapi.told import Told, file, json, leads

API = "/api/archive"
OF_STUDENT = f"{API}/students/{{student}}"
EDITIONS, RUNS, SHARES, VERIFYING = "editions of archives", "runs of editions", "shared archives", "verifying"
CODE: Schema = {"type": "string", "pattern": "^[0-9A-HJKMNP-TV-Za-hjkmnp-tv-z-]{1,40}$"}
ID: Schema = {"type": "string", "pattern": "^[0-9a-f]{24}$"}
SHARE_ID: Schema = {"type": "string", "pattern": "^[0-9a-f]{20}$"}
DIGEST: Schema = {"type": "string", "pattern": "^[0-9a-f]{64}$", "description": "SHA-256 of the sealed PDF"}
STANDING = choice("in-force", "superseded", "revoked", "none")
_LOOK: Mapping[str, Schema] = {"language": choice(*LANGUAGES), "theme": choice(*THEMES)}
_EDITION = obj(
    {
        "id": ID,
        **_LOOK,
        "code": maybe(TEXT),
        "state": choice(*get_args(State)),
        "standing": STANDING,
        "at": MOMENT,
        "sealed_at": maybe(MOMENT),
        "digest": maybe(DIGEST),
        "size": {**maybe(COUNT), "description": "In bytes"},
    }
)
_RUN: Mapping[str, Schema] = {
    "id": ID,
    "title": TEXT,
    "selection": TEXT,
    "version": COUNT,
    **_LOOK,
    "by": TEXT,
    "at": MOMENT,
    "students": {**maybe(COUNT), "description": "null until it is known for whom"},
    "paused_by": maybe(TEXT),
    "paused_at": maybe(MOMENT),
}
_SHARE = obj(
    {
        "id": SHARE_ID,
        "address": {"type": "string", "format": "uri"},
        "shows": choice(*SHOWS),
        "parts": {**many(TEXT), "description": "Dimensions, or records by their path"},
        "edition": maybe(ID),
        "to": TEXT,
        "until": DAY,
        "at": MOMENT,
        "standing": choice("open", "expired", "revoked"),
    }
)
_OWN = ("forbidden", "no-archive")


def _run(summary: str, *problems: str) -> Told:
    return Told(RUNS, summary, json(obj(dict(_RUN))), problems=["forbidden", "not-found", *problems])


PLACES: Mapping[str, Schema] = {"edition": ID, "run": ID, "share": SHARE_ID, "code": CODE}
ROUTES: Mapping[str, Told | Mapping[str, Told]] = {
    f"GET {OF_STUDENT}/editions": Told(
        EDITIONS,
        "The editions of a student, the youngest first",
        json(obj({"editions": many(_EDITION)})),
        problems=[*_OWN, "look-not-noted"],
    ),
    f"POST {OF_STUDENT}/editions": Told(
        EDITIONS,
        "Ask for an edition of one's own archive as of now",
        json(_EDITION),
        problems=_OWN,
        fields=_LOOK,
        keyed=True,
    ),
    f"POST {OF_STUDENT}/editions/{{edition}}/revoke": Told(
        EDITIONS,
        "Let nobody rely on a sealed edition any more",
        json(_EDITION),
        problems=[*_OWN, "not-found", "invalid-form", "too-busy"],
        fields={"why": {"type": "string", "minLength": 2, "maxLength": 200}},
        required=["why"],
    ),
    f"GET {OF_STUDENT}/editions/{{edition}}/{{file}}": {
        name: Told(
            EDITIONS,
            f"{name} of a sealed edition",
            {200: file(media_type, "As it was sealed.")},
            problems=[*_OWN, "not-found", "look-not-noted"],
        )
        for name, media_type in FILES.items()
    },
    f"GET {OF_STUDENT}/editions/{{edition}}/kept-copy": Told(
        EDITIONS,
        "One's own edition with all that proves it, to be verified without this server",
        {200: file("application/zip", "The document, credentials, records, keys, certificates, and how to verify.")},
        problems=[*_OWN, "not-found", "too-often"],
    ),
    f"GET {API}/runs": Told(RUNS, "Every run", json(obj({"runs": many(obj(dict(_RUN)))})), problems=["forbidden"]),
    f"POST {API}/runs": Told(
        RUNS,
        "Begin to make editions for all whom a selection chooses",
        json(obj(dict(_RUN))),
        problems=["forbidden", "selection-not-in-force"],
        fields={"selection": TEXT, **_LOOK},
        required=["selection"],
        keyed=True,
    ),
    f"GET {API}/runs/{{run}}": Told(
        RUNS,
        "How far a run is, and what went wrong in it",
        json(
            obj(
                {
                    **_RUN,
                    "progress": obj(
                        {
                            "states": table(COUNT, choice(*get_args(State))),
                            "left": COUNT,
                            "rate": {"type": "number", "description": "Editions a minute"},
                            "end": maybe(MOMENT),
                        }
                    ),
                    "wrong": many(
                        obj(
                            {
                                "student": STUDENT,
                                "id": ID,
                                "state": choice("held", "failed"),
                                "characters": maybe(TEXT),
                                "reason": maybe(TEXT),
                            }
                        )
                    ),
                }
            )
        ),
        problems=["forbidden", "not-found"],
    ),
    f"POST {API}/runs/{{run}}/pause": _run("Let a run wait"),
    f"POST {API}/runs/{{run}}/resume": _run("Let a run go on"),
    f"POST {API}/runs/{{run}}/again": Told(
        RUNS,
        "Make again what failed or was held",
        json(obj({**_RUN, "again": COUNT})),
        problems=["forbidden", "not-found"],
    ),
    f"POST {API}/runs/{{run}}/pack": Told(
        RUNS,
        "Have the editions of every school packed for the printing house",
        json(obj({**_RUN, "schools": COUNT})),
        problems=["forbidden", "not-found"],
    ),
    f"GET {API}/runs/{{run}}/packs/{{school}}": Told(
        RUNS,
        "Take a school's pack",
        leads("To the file, under an address that is good for minutes."),
        problems=["forbidden", "not-found", "look-not-noted"],
    ),
    f"POST {API}/editions/again": Told(
        RUNS,
        "Make again what failed or was held of what students asked for themselves",
        json(obj({"again": COUNT})),
        problems=["forbidden"],
    ),
    f"GET {OF_STUDENT}/shares": Told(
        SHARES, "One's own links, the youngest first", json(obj({"shares": many(_SHARE)})), problems=_OWN
    ),
    f"POST {OF_STUDENT}/shares": Told(
        SHARES,
        "Make a link; what it shows besides is chosen by fields part.<dimension> or part.<record>",
        json(_SHARE),
        problems=[*_OWN, "invalid-form", "edition-not-in-force", "too-many-links"],
        fields={
            "shows": choice(*SHOWS),
            "to": {"type": "string", "minLength": 1, "maxLength": LONGEST_NAME},
            "until": DAY,
            "edition": {**ID, "description": "Of a whole archive: the edition whose document is shown"},
        },
        required=["shows", "to", "until"],
        keyed=True,
    ),
    f"POST {OF_STUDENT}/shares/{{share}}/revoke": Told(
        SHARES, "Let a link open no more", json(_SHARE), problems=[*_OWN, "not-found"]
    ),
    f"GET {API}/shared/{{token}}/{{file}}": {
        name: Told(
            SHARES,
            f"{name} of the archive that a link shares",
            {200: file(media_type, "As it was sealed.")},
            problems=["not-found", "link-over", "too-often", "look-not-noted"],
        )
        for name, media_type in FILES.items()
    },
    f"GET {API}/verify/{{code}}": Told(
        VERIFYING,
        "How the edition with a code stands, and what a copy of it must hash to",
        json(
            obj(
                {
                    "code": TEXT,
                    "standing": choice("in-force", "superseded", "revoked"),
                    "digest": DIGEST,
                    "language": choice(*LANGUAGES),
                    "sealed_at": maybe(MOMENT),
                    "revoked_at": maybe(MOMENT),
                }
            )
        ),
        problems=["not-found", "too-often"],
    ),
}
