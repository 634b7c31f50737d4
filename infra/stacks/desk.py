"""What people need around the steps of clearance: batches, documents, lists, guides, practice. It works on what the
clearance stack holds; a stack of its own keeps both below CloudFormation's 500 resources."""

from __future__ import annotations

from constructs import Construct
from yinji.clearance import definition
from yinji.clearance.evidence import PREFIX

from infra.constructs.doors import every, on_message
from infra.setting import Setting
from infra.stacks.clearance import Beside, Clearance
from infra.stacks.service import python_layer


class Desk(Beside):
    """See the module; each method below makes the functions of one subject."""

    def __init__(self, scope: Construct, id: str, setting: Setting, clearance: Clearance, **more: object) -> None:
        super().__init__(scope, id, setting, clearance, **more)
        self._batches()
        self._histories()
        self._evidence()
        self._appointments()
        self._exports()
        self._sealed_answers()
        self._guides()
        self._practice()

    def _batches(self) -> None:
        house, route = self.house, self.routes.route
        told = ("TABLE", "INTAKE_BUCKET", "BUS", "PUBLIC_URL")
        batches = self._function("clearance/batches", *told, timeout=29, memory=1769, answers_people=True)
        house.table.changed_by(batches, index=True)
        house.intake.written_by(batches, "rosters/")
        batches.allow(["events:PutEvents"], [house.bus.event_bus_arn])
        route(batches, "GET", "/api/clearance/batches")
        route(batches, "POST", "/api/clearance/batches")
        route(batches, "GET", "/api/clearance/batches/{batch}")
        route(batches, "POST", "/api/clearance/batches/{batch}/{deed}")
        route(batches, "POST", "/api/clearance/flows/{flow}/migrate")

        arrange = self._function(
            "clearance/arrange", "TABLE", "PUBLIC_URL", timeout=29, memory=1024, answers_people=True
        )
        house.table.changed_by(arrange)
        route(arrange, "POST", "/api/clearance/cases/{student}/arrangements/{arrangement}")

        rearrange = self._function("clearance/rearrange", "TABLE", timeout=900, memory=1024, asynchronous=True)
        house.table.changed_by(rearrange, index=True)
        on_message(house.bus, rearrange, "Rearrange", "rearrange", {})

    def _histories(self) -> None:
        """What proves that nothing was changed afterwards: the daily anchor, and exports for auditors."""
        documents = self.house.documents
        anchor = self._function(
            "clearance/anchor", "TABLE", "DOCUMENTS_BUCKET", timeout=300, memory=1024, asynchronous=True
        )
        self.house.table.read_by(anchor, index=True)
        documents.read_by(anchor, "anchors/")
        documents.listed_by(anchor)
        documents.written_by(anchor, "anchors/")
        every(anchor, minutes=60)

        export = self._showing(
            "clearance/audit_export", "TABLE", "DOCUMENTS_BUCKET", timeout=29, memory=1769, answers_people=True
        )
        self.house.table.read_by(export, index=True)
        documents.read_by(export, "anchors/")
        documents.listed_by(export)
        for path in ("cases/{student}/audit.json", "schools/{school}/audit.ndjson", "anchors.json"):
            self.routes.route(export, "GET", f"/api/clearance/{path}", counted=True)

    def _evidence(self) -> None:
        """Documents that graduates hand in: asked for, looked at. What looks into them stands at the bucket's door."""
        place = "/api/clearance/cases/{student}/evidence"
        upload = self._function(
            "clearance/evidence_upload",
            "TABLE",
            "INTAKE_BUCKET",
            "PUBLIC_URL",
            timeout=29,
            memory=1024,
            answers_people=True,
        )
        self.house.table.changed_by(upload)
        # whoever is given a presigned address may do what the function may
        self.house.intake.written_by(upload, PREFIX)
        self.routes.route(upload, "POST", place)
        self.routes.route(upload, "GET", f"{place}/{{id}}")
        download = self._showing(
            "clearance/evidence_download", "TABLE", "DOCUMENTS_BUCKET", timeout=29, memory=1024, answers_people=True
        )
        self.house.table.read_by(download)
        self.house.documents.read_by(download, PREFIX)
        self.routes.route(download, "GET", f"{place}/{{id}}/file")
        self.routes.route(download, "GET", f"{place}/{{id}}/thumbnail")

    def _appointments(self) -> None:
        slots = self._function("clearance/slots", "TABLE", "PUBLIC_URL", timeout=29, memory=1024, answers_people=True)
        self.house.table.changed_by(slots)
        for step in definition.steps().values():
            if step.appointments:
                # spelled out, for the step's own route with {action} would take them
                self.routes.route(slots, "GET", f"/api/clearance/steps/{step.id}/slots")
                self.routes.route(slots, "POST", f"/api/clearance/steps/{step.id}/slots")
        calendar = self._showing(
            "clearance/appointment_calendar", "TABLE", "PUBLIC_URL", timeout=29, memory=1024, answers_people=True
        )
        self.house.table.read_by(calendar)
        self.routes.route(calendar, "GET", "/api/clearance/cases/{student}/steps/{step}/appointment.ics")

    def _exports(self) -> None:
        """Lists as files. This memory brings the processor that writes ten thousand rows in a few seconds."""
        exports = self._showing(
            "clearance/exports", "TABLE", "SEALING_KEY", timeout=29, memory=2048, answers_people=True
        )
        self.house.sealing.opens_by(exports)
        self.house.table.read_by(exports, index=True)
        self.house.table.added_to_by(exports)
        self.routes.route(exports, "GET", "/api/clearance/exports/{file}", counted=True)

    def _sealed_answers(self) -> None:
        whole = self._showing(
            "clearance/sealed_answer",
            "TABLE",
            "SEALING_KEY",
            "PUBLIC_URL",
            timeout=15,
            memory=1024,
            answers_people=True,
        )
        self.house.table.looked_up_by(whole)
        self.house.sealing.opens_by(whole)
        self.routes.route(whole, "POST", "/api/clearance/cases/{student}/sealed/{step}/{field}")

    def _guides(self) -> None:
        paper = self._function(
            "clearance/guide_pdf",
            "PUBLIC_URL",
            timeout=29,
            memory=1769,
            answers_people=True,
            extra_layers=[python_layer(self, "Typeset", self.setting, "typeset")],
        )
        reason = "Guides are for everybody, before anybody has signed in."
        self.routes.route(paper, "GET", "/api/clearance/guides/{flow}/{file}", open=reason)

    def _practice(self) -> None:
        practice = self._function("clearance/practice", "TABLE", "PUBLIC_URL", timeout=29, answers_people=True)
        self.house.table.changed_by(practice)
        self.routes.route(practice, "POST", "/api/clearance/practice")
