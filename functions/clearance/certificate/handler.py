"""certificate: a case is finished, and its clearance certificate 离校单 is made.

Trigger: event case-finished. Reads: the table. Writes: the table, certificates/<student>/<code>.pdf. Emits nothing.

The document is kept before the case names it, so that a code that is found always has its document. Whoever comes
second finds the case certified and takes their document away again.
"""

import secrets
from datetime import date, datetime
from typing import Any

import boto3
from aws_lambda_powertools.utilities.data_classes import EventBridgeEvent
from aws_lambda_powertools.utilities.typing import LambdaContext
from typeset.certificate import CertificateData, StepLine, Title, certificate_pdf
from yinji.clearance import codes, definition, flow, university
from yinji.clearance.case import Batch, Case, Certificate, Event, certify
from yinji.clearance.definition import Text
from yinji.clearance.store import Store
from yinji.platform import clock
from yinji.platform.environment import setting
from yinji.platform.observability import count, logger, metrics

store = Store()
s3: Any = boto3.client("s3")  # pyright: ignore[reportUnknownMemberType]


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    message = EventBridgeEvent(event)
    case = store.get(str(message.detail["student"]))
    if case is None or not case.finished or case.certificate or case.practice:
        return
    certificate = Certificate(codes.new(), clock.now())
    batch = store.batch(case.batch)
    assert batch, "cases are opened in declared batches"  # noqa: S101
    document = certificate_pdf(data_of(case, batch, certificate), certificate.issued_at)
    key = codes.document_key(case.graduate.student, certificate.code)
    bucket = setting("DOCUMENTS_BUCKET")
    s3.put_object(Bucket=bucket, Key=key, Body=document, ContentType="application/pdf")
    change = certify(
        case,
        certificate,
        Event(
            key=f"certificate#{secrets.token_hex(8)}",
            what="certificate-issued",
            who="system",
            role="system",
            at=certificate.issued_at,
            # so that one that is revoked later can still be found by whose it was
            evidence={"code": certificate.code},
        ),
    )
    assert change  # noqa: S101 - the case was finished and uncertified a moment ago, in this very copy
    if store.certify(change):
        count("CertificatesIssued")
        return
    now = store.get(case.graduate.student)
    if now and now.certificate == certificate:
        return  # it was written after all, only the answer was lost
    s3.delete_object(Bucket=bucket, Key=key)
    if now and now.finished and not now.certificate:
        raise RuntimeError("the case changed while its certificate was made; try again")


def data_of(case: Case, batch: Batch, certificate: Certificate) -> CertificateData:
    """What the certificate says of `case`."""
    graduate, every = case.graduate, definition.steps()
    assert case.finished_at  # noqa: S101
    return CertificateData(
        student=graduate.student,
        name=graduate.name,
        name_latin=graduate.name_latin,
        programme=graduate.programme,
        school=title(university.schools()[graduate.school]),
        flow=title(flow.TITLES[case.flow]),
        batch=title(batch.title),
        university=title(university.name()),
        steps=[
            StepLine(
                title=title(every[step].title),
                department=title(university.office(every[step].department, graduate.school, case.flow)),
                done_on=day(record.since or case.finished_at),
                state="waived" if record.standing.state == "waived" else "done",
            )
            for step in case.states()
            if step in every
            for record in [case.steps[step]]
        ],
        finished_on=day(case.finished_at),
        issued_on=day(certificate.issued_at),
        code=certificate.code,
        verify_url=codes.verify_url(setting("PUBLIC_URL"), certificate.code),
    )


def title(text: Text) -> Title:
    return Title(zh=text["zh"], en=text["en"])


def day(moment: datetime) -> date:
    return moment.astimezone(clock.CAMPUS).date()
