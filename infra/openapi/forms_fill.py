"""What the API tells of forms that are filled: which there are, what is known, what is kept so far, what was sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from yinji.clearance.evidence import MEDIA_TYPES
from yinji.forms.filling import Standing, Way
from yinji.forms.form import ID, LONGEST_ID, OF_SCHOOL
from yinji.forms.submission import PREFIX, STATES, VERDICTS

from infra.openapi import shapes
from infra.openapi.shapes import COUNT, MOMENT, TEXT, TRUTH, Schema, choice, many, maybe, obj, table
from infra.openapi.told import KEY, Answer, Told, json, leads

FILLING = "filling forms"
FORM: Schema = {"type": "string", "pattern": f"^{ID.pattern}$", "maxLength": LONGEST_ID}
SUBMISSION: Schema = {"type": "string", "pattern": "^[0-9a-f]{24}$"}
PLACES: Mapping[str, Schema] = {"form": FORM, "submission": SUBMISSION}
_TITLE = obj({"zh": TEXT, "en": TEXT}, optional=("zh", "en"))
_ANY: Schema = {"type": "object"}
_ANSWERS: Schema = {
    **_ANY,
    "description": "By field, as the form's schema has them; of what is sensitive the last signs",
}
_SENT: Schema = {**_ANY, "description": "By field, as the form's schema has them"}
_USES: Schema = {**table(TEXT), "description": "By field, the mark of the known fact that is agreed to"}
_QUESTION = obj(
    {
        "standing": choice(*get_args(Standing)),
        "value": {"description": "What is known; of what is sensitive the last signs"},
        "mark": {**TEXT, "description": "By which it is agreed to, in `uses`"},
        "as_of": MOMENT,
        "source": {**TEXT, "description": "The system of record, or `self`"},
        "fixed": {**TRUTH, "description": "Whether its source alone can change it"},
    },
    optional=("value", "mark", "as_of", "source", "fixed"),
)
_DRAFT: Mapping[str, Schema] = {
    "answers": _ANSWERS,
    "uses": _USES,
    "page": COUNT,
    "saved_at": maybe(MOMENT),
    "corrects": maybe(SUBMISSION),
    "version": COUNT,
}
_OFFICE: Schema = {**TEXT, "description": f"A department, or `{OF_SCHOOL}/` and a school"}
_SUBMISSION = obj(
    {
        "id": SUBMISSION,
        "form": FORM,
        "form_version": COUNT,
        "title": _TITLE,
        "called": TEXT,
        "state": choice(*STATES),
        "waits_for": maybe(_OFFICE),
        "chain": many(TEXT),
        "stage": COUNT,
        "approvals": many(obj({"office": _OFFICE, "verdict": choice(*VERDICTS), "at": MOMENT, "reason": TEXT})),
        "answers": _ANSWERS,
        "ways": table(choice(*get_args(Way))),
        "at": MOMENT,
        "times": table(MOMENT),
        "version": COUNT,
    }
)
_SAVES = ("not-found", "forbidden", "form-retired", "invalid-form", "form-too-long", "submission-moved-on", "too-busy")
_FILLED: Mapping[str, Schema] = {
    "answers": _SENT,
    "uses": _USES,
    "draft": {**COUNT, "description": "The version of the draft that was looked at, 0 for none"},
}
_STANDS: Schema = shapes.UPLOAD_STANDS | {
    "properties": shapes.UPLOAD_STANDS["properties"]
    | {"step": {**TEXT, "description": f"`{PREFIX}` and the form"}, "field": TEXT}
}
_THUMBNAIL = {
    200: Answer({"image/jpeg": {"type": "string", "contentMediaType": "image/jpeg"}}, description="A picture.")
}
_TO_S3 = leads("To S3, by an address that is good for a minute.")
_SEEN = ("forbidden", "not-found", "look-not-noted")
_API, _FORM, _ONE = "/api/forms", "/api/forms/f/{form}", "/api/forms/s/{submission}"

ROUTES: Mapping[str, Told] = {
    f"GET {_API}": Told(
        FILLING,
        "What whoever asks can fill, and how much of it would be asked of them",
        json(
            obj(
                {
                    "forms": many(
                        obj(
                            {
                                "id": FORM,
                                "version": COUNT,
                                "office": TEXT,
                                "title": _TITLE,
                                "intro": _TITLE,
                                "once": TRUTH,
                                "asked": COUNT,
                                "known": COUNT,
                                "begun": TRUTH,
                                "sent": maybe(SUBMISSION),
                            }
                        )
                    )
                }
            )
        ),
    ),
    f"GET {_FORM}": Told(
        FILLING,
        "A form as whoever asks meets it: its schema and layout, and what is known",
        json(
            obj(
                {
                    "id": FORM,
                    "version": COUNT,
                    "schema": _ANY,
                    "layout": _ANY,
                    "questions": table(_QUESTION),
                    "draft": maybe(obj(_DRAFT)),
                    "dropped": {**many(TEXT), "description": "Of the draft, what the form does not ask any more"},
                    "renewed": {**TRUTH, "description": "Whether another version was published since"},
                    "sent": maybe(SUBMISSION),
                }
            )
        ),
        problems=["not-found", "forbidden", "form-retired"],
    ),
    f"POST {_FORM}/save": Told(
        FILLING,
        "Keep what was filled so far, or a page of it",
        json(obj({**_DRAFT, "wrong": table(choice("required", "invalid", "changed", "unknown"))})),
        problems=_SAVES,
        document=obj(
            {**_FILLED, "page": {**maybe(COUNT), "description": "The page that was filled, from 0"}},
            optional=("answers", "uses", "draft", "page"),
        ),
    ),
    f"POST {_FORM}/submit": Told(
        FILLING,
        "Send a form: what was filled so far, and what stands here beside it",
        json(_SUBMISSION),
        problems=(*_SAVES, "submitted-before", "school-unknown"),
        document=obj(
            {**_FILLED, "corrects": {**TEXT, "description": "The submission that it changes"}, "idempotency_key": KEY},
            optional=("answers", "uses", "draft", "corrects"),
        ),
    ),
    f"POST {_FORM}/give-up": Told(
        FILLING,
        "Forget what was filled and not sent",
        json(obj({"form": FORM, "draft": {"type": "null"}})),
        problems=["not-found", "forbidden", "form-retired"],
    ),
    f"POST {_FORM}/documents": Told(
        FILLING,
        "Ask to upload a document that a form asks for",
        json(shapes.UPLOAD_BEGUN, "Where a browser posts the file, within a quarter of an hour."),
        problems=["not-found", "forbidden", "form-retired", "upload-type", "upload-too-large", "too-many-uploads"],
        fields={"field": TEXT, "type": choice(*MEDIA_TYPES.values()), "size": COUNT},
        required=["field", "type", "size"],
        back=False,
    ),
    f"GET {_FORM}/documents/{{id}}": Told(FILLING, "What became of an upload", json(_STANDS), problems=["not-found"]),
    f"GET {_FORM}/documents/{{id}}/file": Told(FILLING, "One's own document", _TO_S3, problems=["not-found"]),
    f"GET {_FORM}/documents/{{id}}/thumbnail": Told(
        FILLING, "Its first page as a small picture", _THUMBNAIL, problems=["not-found"]
    ),
    f"GET {_ONE}": Told(
        FILLING, "What was sent, and where it stands", json(_SUBMISSION), problems=["forbidden", "look-not-noted"]
    ),
    f"POST {_ONE}/withdraw": Told(
        FILLING,
        "Take back what one sent",
        json(_SUBMISSION),
        problems=["forbidden", "submission-moved-on", "too-busy"],
        keyed=True,
    ),
    f"POST {_ONE}/correct": Told(
        FILLING,
        "Begin to change what one sent: it is filled as it was",
        json(obj(_DRAFT)),
        problems=["forbidden", "not-found", "form-retired", "submission-moved-on", "form-begun", "too-busy"],
    ),
    f"GET {_ONE}/documents/{{id}}/file": Told(FILLING, "A document of what was sent", _TO_S3, problems=_SEEN),
    f"GET {_ONE}/documents/{{id}}/thumbnail": Told(
        FILLING, "Its first page as a small picture", _THUMBNAIL, problems=_SEEN
    ),
}
