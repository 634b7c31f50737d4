"""labels: the labels of places printed, replaced and retired, and the sheets they are on.

Trigger: POST /api/repair/labels, POST /api/repair/labels/{serial}/replace and /retire, GET /api/repair/sheets/{sheet}.
Reads: places, labels, sheets, the secret that proves labels. Writes: labels and sheets; how often
somebody fetched sheets. Emits: metrics.
"""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from typeset.certificate import Title
from typeset.labels import LabelData, labels_pdf
from yinji.clearance import codes, university
from yinji.platform import clock
from yinji.platform.clock import stamp
from yinji.platform.environment import setting
from yinji.platform.http import Api
from yinji.platform.limits import EXPORTS
from yinji.platform.observability import count, logger, metrics
from yinji.platform.problem import Problem
from yinji.repair.access import demand
from yinji.repair.keys import repair_key
from yinji.repair.labels import Label, address, code
from yinji.repair.labels_store import Labels
from yinji.repair.place import Place
from yinji.repair.printing import MOST_ON_A_SHEET, Sheet, Wish, paper_of, sheet_id, wished

PAGE = "/repair/sheets"
api = Api()
labels = Labels()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


def allowed() -> str:
    """Who asks. Raises Problem unless they may print and end labels."""
    demand(api.session, "manage-places")
    return api.session.sub


@api.post("/api/repair/labels")
def print_() -> Response[str]:
    who, body = allowed(), api.body
    id = sheet_id(who, body.idempotency_key)
    sheet = labels.sheet(id)
    if sheet is None:
        wish = wished(body.fields)
        sheet = labels.print(id, wish.format, chosen(wish), who, clock.now(), wish.first)
        count("LabelsPrinted", len(sheet.serials))
    return told(sheet, "labels.printed", body.next)


@api.post("/api/repair/labels/<serial>/replace")
def replace(serial: str) -> Response[str]:
    """Another label for one that was stolen or is on a picture that goes round."""
    who, body = allowed(), api.body
    format, first = paper_of(body.fields)
    sheet = labels.replace(serial, format, who, clock.now(), first)
    count("LabelsReplaced")
    return told(sheet, "labels.replaced", body.next)


@api.post("/api/repair/labels/<serial>/retire")
def retire(serial: str) -> Response[str]:
    allowed()
    body, label = api.body, labels.retire(serial, clock.now())
    count("LabelsRetired")
    return api.answer(document(label), done="labels.retired", back=body.next)


@api.get("/api/repair/sheets/<sheet>")
def paper(sheet: str) -> Response[bytes]:
    """The sheet as it is to be printed; labels that were ended since are left out."""
    allowed()
    api.limit(EXPORTS)
    found = labels.sheet(sheet)
    if found is None:
        raise Problem("not-found")
    good = [label for label in labels.labels(found.serials).values() if label.state == "active"]
    places = labels.find_many([label.place for label in good])
    by_serial = {label.serial: places[label.place] for label in good if label.place in places}
    data = [drawn(by_serial[serial], serial) for serial in found.serials if serial in by_serial]
    if not data:
        raise Problem("sheet-over")
    body = labels_pdf(data, found.format, Title(**university.name()), found.printed_at, found.first)
    headers: dict[str, str | list[str]] = {
        "Cache-Control": "no-store",
        "Content-Disposition": f'inline; filename="labels-{found.id[:8]}.pdf"',
        "X-Content-Type-Options": "nosniff",
    }
    return Response(status_code=200, content_type="application/pdf", headers=headers, body=body)


def chosen(wish: Wish) -> list[str]:
    """The places whose labels are wanted. Raises Problem("no-labels"), Problem("too-many-labels")."""
    if wish.places:
        places = list(labels.find_many(list(wish.places)).values())
    else:
        within = labels.find(wish.within)
        if within is None:
            raise Problem("no-labels")
        places = labels.around(within)
    found = [place.id for place in wish.chosen(places)]
    if wish.missing:
        hanging = labels.hanging(found)
        found = [place for place in found if place not in hanging]
    if not found:
        raise Problem("no-labels")
    if len(found) > MOST_ON_A_SHEET:
        raise Problem("too-many-labels", limit=MOST_ON_A_SHEET)
    return found


def drawn(place: Place, serial: str) -> LabelData:
    trail = [Title(zh, en) for zh, en in zip(place.trail["zh"], place.trail["en"], strict=True)]
    known = code(serial, repair_key())
    return LabelData(place.id, Title(**place.title), trail, known, address(setting("PUBLIC_URL"), known))


def told(sheet: Sheet, done: str, back: str) -> Response[str]:
    """The sheet; a page is led to the page about it."""
    address = f"/api/repair/sheets/{sheet.id}"
    every = labels.labels(sheet.serials)
    known = [document(every[serial]) for serial in sheet.serials if serial in every]
    answer = {"id": sheet.id, "format": sheet.format, "first": sheet.first, "address": address, "labels": known}
    return api.answer(answer, done=done, back=f"{PAGE}/{sheet.id}" if back else "")


def document(label: Label) -> dict[str, Any]:
    return {
        "serial": label.serial,
        "code": codes.spoken(code(label.serial, repair_key())),
        "place": label.place,
        "state": label.state,
        "printed_at": stamp(label.printed_at),
        "ended_at": stamp(label.ended_at) if label.ended_at else None,
    }
