"""A graduate's own kept copy: what is in it, and that it is verified with nothing else."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from base64 import b64decode

import pytest
from joserfc import jwk, jws
from pyhanko.keys import load_certs_from_pemder_data
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext
from yinji.archive.store import Archive
from yinji.editions.kept_copy import SUMS, explanation_name
from yinji.editions.model import Edition
from yinji.editions.store import Editions
from yinji.identity.session import Session

from tests import proofs
from tests.archives import SU, fill, record
from tests.functions.conftest import COUNSELLOR, Cloud
from tests.functions.test_archive_seal import arrive, now, rendered

ME = Session(SU.student, "student", SU.name)


@pytest.fixture
def edition(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Edition:
    proofs.with_authority(cloud, monkeypatch)
    archive = Archive()
    archive.enrol([SU])
    fill(
        SU,
        [
            record(1, "book", title="《红楼梦》"),
            record(2, "sport", title="=环校跑", state="pending", certification=None),
        ],
    )
    asked = rendered(cloud, Editions())
    arrive(cloud, asked)
    return now(Editions(), asked)


def path(edition: Edition) -> str:
    return f"/api/archive/students/{edition.student}/editions/{edition.id}/kept-copy"


@pytest.fixture
def files(cloud: Cloud, edition: Edition) -> dict[str, bytes]:
    answer = cloud.call("archive/kept_copy", ME, "GET", path(edition))
    assert answer.status == 200 and answer.encoded
    with zipfile.ZipFile(io.BytesIO(b64decode(answer.body))) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_seal_is_verified_with_what_is_in_it(files: dict[str, bytes]) -> None:
    *_, root = load_certs_from_pemder_data(files["authority.pem"])
    [seal] = PdfFileReader(io.BytesIO(files["archive.pdf"])).embedded_signatures
    told = validate_pdf_signature(seal, ValidationContext(trust_roots=[root], allow_fetching=False))
    assert told.bottom_line and told.coverage.name == "ENTIRE_FILE"
    page = files[explanation_name()].decode()
    assert hashlib.sha256(root.dump()).hexdigest() in page
    assert hashlib.sha256(files["archive.pdf"]).hexdigest() in page


def test_the_credential_is_verified_with_what_is_in_it(files: dict[str, bytes]) -> None:
    document = json.loads(files["did.json"])
    token = files["credential.jwt"].decode()
    key_id = json.loads(b64decode(token.split(".")[0] + "=="))["kid"]
    [method] = [one for one in document["verificationMethod"] if one["id"] == key_id]
    signed = jws.deserialize_compact(token, jwk.ECKey.import_key(method["publicKeyJwk"]), algorithms=["ES256"])
    told = json.loads(signed.payload)
    assert told["issuer"]["id"] == document["id"]
    assert json.loads(files["credential.jsonld"]) == told


def test_records_that_count_are_a_table(files: dict[str, bytes]) -> None:
    [head, *rows] = csv.reader(io.StringIO(files["records.csv"].decode("utf-8-sig")))
    assert len(rows) == 1 and "《红楼梦》" in rows[0] and len(head) == len(rows[0])


def test_every_file_has_its_digest(files: dict[str, bytes]) -> None:
    told = dict(reversed(line.split("  ")) for line in files[SUMS].decode().splitlines())
    assert told == {name: hashlib.sha256(data).hexdigest() for name, data in files.items() if name != SUMS}


def test_it_is_the_owners_alone_and_of_what_is_in_force(cloud: Cloud, edition: Edition) -> None:
    assert cloud.call("archive/kept_copy", COUNSELLOR, "GET", path(edition)).status == 403
    Editions().revoke(edition, "T0801", "x")
    assert cloud.call("archive/kept_copy", ME, "GET", path(edition)).status == 404
