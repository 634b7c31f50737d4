"""What the API tells of what comes of forms: what offices decide, documents, tables, other systems, the report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from yinji.clearance.exports import KINDS
from yinji.forms.facts import kinds
from yinji.forms.form import LONGEST_ID, As
from yinji.forms.report import COUNTED
from yinji.forms.submission import LONGEST_REASON, STATES, VERDICTS
from yinji.platform.posting import LONGEST_URL
from yinji.platform.sheets import CSV, XLSX

from infra.openapi.shapes import COUNT, MOMENT, TEXT, TRUTH, Schema, choice, many, obj, table
from infra.openapi.told import JSON, Answer, Told, file, json

SUBMISSIONS, OUTPUTS, REPORT = "what people sent", "what comes of forms", "what is asked again"
API, DESK = "/api/forms", "/api/forms/desk/{form}"
SUBMISSION: Schema = {"type": "string", "pattern": "^[0-9a-f]{24}$"}
FORM: Schema = {"type": "string", "pattern": "^[a-z][a-z0-9]*(-[a-z0-9]+)*$", "maxLength": LONGEST_ID}
QUESTION: Schema = {"type": "string", "pattern": "^[a-z][a-z0-9_]{0,39}$"}
PLACES: Mapping[str, Schema] = {"submission": SUBMISSION, "form": FORM, "question": QUESTION}
_TITLE = obj({"zh": TEXT, "en": TEXT}, optional=("zh", "en"))
_OFFICE: Schema = {**TEXT, "description": "A department, or school/<id>"}
_LINE: Mapping[str, Schema] = {
    "id": SUBMISSION,
    "form": FORM,
    "title": _TITLE,
    "person": TEXT,
    "called": TEXT,
    "school": TEXT,
    "since": MOMENT,
    "stage": COUNT,
    "version": COUNT,
}
_ANSWER = obj(
    {
        "field": QUESTION,
        "title": _TITLE,
        "way": choice(*get_args(As)),
        "text": {**TEXT, "description": "As people read it; of what is sensitive the last signs"},
        "opens": {**TRUTH, "description": "Whether whoever asks may read it whole"},
    }
)
_APPROVAL = obj(
    {
        "office": _OFFICE,
        "title": _TITLE,
        "who": TEXT,
        "verdict": choice(*VERDICTS),
        "at": MOMENT,
        "reason": TEXT,
    }
)
_ONE = obj(
    {
        **_LINE,
        "state": choice(*STATES),
        "sent_at": MOMENT,
        "waits_for": _OFFICE,
        "decides": {**TRUTH, "description": "Whether whoever asks may decide of it now"},
        "answers": many(obj({"title": _TITLE, "answers": many(_ANSWER)})),
        "approvals": many(_APPROVAL),
    }
)
_DECIDED = obj({"id": SUBMISSION, "state": choice(*STATES), "stage": COUNT, "version": COUNT})
_PROBLEMS = ("forbidden", "not-found", "invalid-form", "submission-moved-on", "too-busy")
_WHOLE: Schema = {
    **choice("yes"),
    "description": "Show sensitive numbers whole, for who may read them and proved a moment ago who they are",
}
_YEAR: Schema = {"type": "string", "pattern": "^20[0-9]{2}$", "description": "Of this year alone"}
_TALLY: Mapping[str, Schema] = dict.fromkeys(COUNTED, COUNT)
_FACT = choice(*kinds(), "")
_VERDICTS: Mapping[str, str] = {
    "approve": "Agree to what was sent; the next office of the chain decides, or it is approved",
    "return": "Send it back, to be corrected",
    "refuse": "Refuse it",
}
_PDF = "PDF/A-2b and PDF/UA-1, in the reader's language."


def _decides(verdict: str) -> Told:
    return Told(
        SUBMISSIONS,
        _VERDICTS[verdict],
        json(_DECIDED),
        problems=_PROBLEMS,
        fields={
            "version": {**COUNT, "description": "The version that was seen"},
            "reason": {"type": "string", "maxLength": LONGEST_REASON, "description": "They read it"},
        },
        required=["version", *(() if verdict == "approve" else ("reason",))],
        keyed=True,
    )


ROUTES: Mapping[str, Told | Mapping[str, Told]] = {
    f"GET {API}/queue": Told(
        SUBMISSIONS,
        "What waits for one's office, the longest first",
        json(obj({"office": _OFFICE, "waiting": many(obj(_LINE))})),
        problems=["forbidden"],
    ),
    f"GET {API}/queue/{{submission}}": Told(
        SUBMISSIONS,
        "What somebody sent, with its answers; that an office looked is written down",
        json(_ONE),
        problems=["forbidden", "look-not-noted"],
    ),
    f"POST {API}/queue/{{submission}}/sealed/{{question}}": Told(
        SUBMISSIONS,
        "A sensitive answer, whole; that an office looked is written down",
        {
            200: Answer(
                {
                    JSON: obj({"submission": SUBMISSION, "field": QUESTION, "value": TEXT}),
                    "text/plain; charset=utf-8": TEXT,
                },
                {"Cache-Control": "no-store"},
                "The number; to a form alone, as a bare text.",
            )
        },
        problems=["forbidden", "not-found", "sealed-for-good", "look-not-noted"],
        back=False,
        sends=False,
    ),
    **{f"POST {API}/s/{{submission}}/{verdict}": _decides(verdict) for verdict in VERDICTS},
    f"GET {API}/s/{{submission}}/form.pdf": Told(
        OUTPUTS,
        "What somebody sent, as a document in its office's layout",
        {200: file("application/pdf", _PDF)},
        problems=["forbidden", "look-not-noted", "prove-again", "too-often"],
        query={"whole": _WHOLE},
    ),
    f"GET {DESK}/preview.pdf": Told(
        OUTPUTS,
        "What a form's layout looks like, with answers that are made up",
        {200: file("application/pdf", _PDF)},
        problems=["forbidden", "not-found", "form-layout-broken", "too-often"],
    ),
    **{
        f"GET {DESK}/answers.{kind}": Told(
            OUTPUTS,
            "Every answer to a form, as a file for spreadsheets; that it was taken is written down",
            {200: file({"csv": CSV, "xlsx": XLSX}[kind], "A line for each that was sent, in the reader's language.")},
            problems=["forbidden", "not-found", "look-not-noted", "export-too-large", "too-often"]
            + (["prove-again"] if kind == "xlsx" else []),
            query={"year": _YEAR} | ({"whole": _WHOLE} if kind == "xlsx" else {}),
        )
        for kind in KINDS
    },
    f"POST {DESK}/connect": Told(
        OUTPUTS,
        "Say where approved answers are posted, as the Standard Webhooks specification has it; or nowhere",
        {
            200: Answer(
                {
                    JSON: obj({"form": FORM, "url": TEXT, "secret": TEXT}),
                    "text/plain; charset=utf-8": TEXT,
                },
                {"Cache-Control": "no-store"},
                "The secret, which is told once; to the script of a page alone, as a bare text.",
            )
        },
        problems=["forbidden", "not-found", "invalid-form", "too-busy"],
        fields={
            "url": {
                "type": "string",
                "maxLength": LONGEST_URL,
                "description": "An address of https that everybody reaches; empty to deliver nowhere",
            }
        },
        keyed=True,
    ),
    f"GET {API}/figures/{{calendar_year}}": Told(
        REPORT,
        "How often forms asked for what was known already; nobody is named",
        json(
            obj(
                {
                    "year": TEXT,
                    "whole": obj(_TALLY),
                    "months": table(obj(_TALLY)),
                    "forms": many(
                        obj(
                            {
                                "form": FORM,
                                "title": _TITLE,
                                "office": TEXT,
                                "whole": obj(_TALLY),
                                "months": table(obj(_TALLY)),
                                "repeats": many(
                                    obj(
                                        {
                                            "field": QUESTION,
                                            "title": _TITLE,
                                            "fact": _FACT,
                                            "times": COUNT,
                                            "mended": TRUTH,
                                        }
                                    )
                                ),
                            }
                        )
                    ),
                    "findings": many(
                        obj(
                            {
                                "form": FORM,
                                "title": _TITLE,
                                "field": QUESTION,
                                "question": _TITLE,
                                "fact": _FACT,
                                "sure": TRUTH,
                            }
                        )
                    ),
                }
            )
        ),
        problems=["forbidden", "not-found"],
    ),
    f"GET {API}/figures/{{calendar_year}}/{{file}}": {
        f"report.{kind}": Told(
            REPORT,
            "The same by form and month, as a file for spreadsheets",
            {200: file({"csv": CSV, "xlsx": XLSX}[kind], "By form and month, in the reader's language.")},
            problems=["forbidden", "not-found", "too-often"],
        )
        for kind in KINDS
    },
}
