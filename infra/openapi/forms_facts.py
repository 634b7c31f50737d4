"""What the API tells of facts: one's own, what one says is otherwise, and what departments decide."""

from __future__ import annotations

from collections.abc import Mapping

from yinji.forms.facts import groups, kinds, sources
from yinji.forms.facts_desk import DEEDS

from infra.openapi.shapes import COUNT, MOMENT, TEXT, TRUTH, Schema, choice, many, maybe, obj
from infra.openapi.told import Told, json

FACTS, CONFLICTS = "facts", "conflicts of facts"
CONFLICT: Schema = {"type": "string", "pattern": "^[0-9a-f]{24}$"}
KIND, SOURCE = choice(*kinds()), choice(*sources())
PLACES: Mapping[str, Schema] = {"kind": KIND, "conflict": CONFLICT}
_SHOWN: Schema = {
    **TEXT,
    "description": "As people read it, in the reader's language; of what is sealed the last signs",
}
_TITLE = obj({"zh": TEXT, "en": TEXT})
_SAID: Mapping[str, Schema] = {
    "shown": _SHOWN,
    "source": {**choice(*sources(), "self"), "description": "The system of record, or the person"},
    "through": {**TEXT, "description": "What it came by: a file, a form, a decision"},
    "at": MOMENT,
}
_CLAIM = maybe(obj({"shown": _SHOWN, "at": MOMENT}))
_KIND: Mapping[str, Schema] = {"kind": KIND, "title": _TITLE, "group": choice(*groups())}
_FACT = obj(
    {
        **_KIND,
        **_SAID,
        "version": COUNT,
        "standing": choice("known", "stale"),
        "true_at": {**MOMENT, "description": "As of when it is known to be true"},
        "correctable": TRUTH,
        "under_way": {**_CLAIM, "description": "What the person says otherwise, until somebody decides"},
        "history": many(obj({**_SAID, "version": COUNT, "claim": _CLAIM})),
    }
)
_SEEN: Schema = {**COUNT, "description": "The version of the fact that was seen, 0 where there was none"}
_WAITING = obj(
    {
        "id": CONFLICT,
        "person": TEXT,
        "name": maybe(TEXT),
        "kind": KIND,
        "title": _TITLE,
        "source": SOURCE,
        "recorded": _SHOWN,
        "typed": _SHOWN,
        "at": MOMENT,
        "version": COUNT,
    }
)

ROUTES: Mapping[str, Told] = {
    "GET /api/forms/facts": Told(
        FACTS,
        "What is known of whoever asks",
        json(
            obj(
                {
                    "facts": many(_FACT),
                    "missing": many(
                        obj({**_KIND, "source": choice(*sources(), "self"), "correctable": TRUTH}),
                    ),
                }
            )
        ),
        problems=["forbidden"],
    ),
    "POST /api/forms/facts/{kind}": Told(
        FACTS,
        "Say what a fact is: where a system of record says otherwise, its department hears of it",
        json(_FACT),
        problems=["forbidden", "not-found", "invalid-form", "changed-meanwhile", "too-busy"],
        fields={
            "version": _SEEN,
            "value": {**TEXT, "description": "What it is"},
            **{
                f"value.{part.id}": {**TEXT, "description": "A part of it, of kinds that have parts"}
                for kind in kinds().values()
                for part in kind.parts
            },
        },
        required=["version"],
    ),
    "GET /api/forms/conflicts": Told(
        CONFLICTS,
        "Where people say otherwise than the systems that one's department answers for",
        json(obj({"conflicts": many(_WAITING)})),
        problems=["forbidden", "look-not-noted"],
    ),
    **{
        f"POST /api/forms/conflicts/{{conflict}}/{deed}": Told(
            CONFLICTS,
            {"keep": "Decide that the record is right", "take": "Take what was typed"}[deed],
            json(obj({"id": CONFLICT, "deed": choice(*DEEDS)})),
            problems=["forbidden", "not-found", "changed-meanwhile", "too-busy"],
            fields={"version": _SEEN},
            required=["version"],
        )
        for deed in DEEDS
    },
}
