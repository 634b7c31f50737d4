"""The seal of a PDF: what verifiers nobody here wrote say of it, and what the document stays."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from proof.sealing import FIELD, NotSealable, certificates, repack, seal
from pyhanko.pdf_utils.generic import StreamObject
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import SigSeedSubFilter

from tests import proofs

AT = datetime(2026, 6, 20, 2, 0, tzinfo=UTC)
VERIFY = "https://yinji.example.edu/verify/0123456789ABCDEF"
NAME = "江屿大学电子签章 · Seal of Jiangyu University"


@pytest.fixture(scope="module")
def key() -> proofs.Key:
    return proofs.Key()


@pytest.fixture(scope="module")
def small() -> bytes:
    return repack(proofs.pdf(), NAME)


@pytest.fixture(scope="module")
def sealed(key: proofs.Key, small: bytes) -> bytes:
    return seal(small, certificates(key.chain), key.sign, AT, reason="issued", contact=VERIFY)


# --- verifiers ---------------------------------------------------------------------------------------------------


def test_pyhanko_finds_it_intact_and_trusted(sealed: bytes) -> None:
    told = proofs.judged(sealed)
    assert told.bottom_line and told.intact and told.valid and told.trusted
    assert told.docmdp_ok and told.coverage.name == "ENTIRE_FILE"
    assert told.signer_reported_dt == AT


def test_where_it_is_verified_stands_in_it_as_it_is(sealed: bytes) -> None:
    """The portal's own script looks for it: functions/portal/chalicelib/static/proof.js."""
    place, code = VERIFY.rsplit("/", 1)
    assert f"{place.rsplit('/', 1)[1]}\\057{code})".encode() in sealed, "as pyHanko writes a slash"


def test_it_is_pades_by_the_key_of_the_certificate(key: proofs.Key, sealed: bytes) -> None:
    [found] = PdfFileReader(io.BytesIO(sealed)).embedded_signatures
    assert found.sig_object["/SubFilter"] == SigSeedSubFilter.PADES.value
    attributes = {one["type"].native for one in found.signer_info["signed_attrs"]}
    # B-B: the certificate is bound in, and the time is told in the PDF alone
    assert attributes == {"content_type", "message_digest", "signing_certificate_v2"}
    assert found.signer_cert.public_key.dump() == key.public
    assert len(list(found.other_embedded_certs)) == 1


def test_who_does_not_know_the_root_does_not_trust_it(small: bytes, key: proofs.Key) -> None:
    stranger = proofs.Root(Path(proofs.mkdtemp()), datetime.now(UTC))
    chain = certificates(stranger.chain(key.public, datetime.now(UTC)))
    told = proofs.judged(seal(small, chain, key.sign, AT, reason="issued", contact=VERIFY))
    assert told.intact and told.valid and not told.trusted and not told.bottom_line


def pdfsig(path: Path, *more: str) -> str:
    return subprocess.run(["pdfsig", *more, str(path)], check=False, capture_output=True, text=True).stdout


needs_pdfsig = pytest.mark.skipif(shutil.which("pdfsig") is None, reason="pdfsig of poppler-utils is not installed")


@needs_pdfsig
def test_pdfsig_finds_it_valid(sealed: bytes, tmp_path: Path) -> None:
    file = tmp_path / "sealed.pdf"
    file.write_bytes(sealed)
    told = pdfsig(file)
    for line in (
        "Signature Type: ETSI.CAdES.detached",
        "Signing Hash Algorithm: SHA-256",
        "Total document signed",
        "Signature Validation: Signature is Valid.",
    ):
        assert line in told


@needs_pdfsig
def test_pdfsig_refuses_a_flipped_byte(sealed: bytes, tmp_path: Path) -> None:
    file = tmp_path / "altered.pdf"
    file.write_bytes(flipped(sealed, sealed.index(b"/ObjStm") + 400))
    assert "Signature is Valid" not in pdfsig(file)


def flipped(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def judged_or_unreadable(data: bytes) -> Any:
    """Whether it is found good; None when it cannot even be read."""
    try:
        return proofs.judged(data).bottom_line
    except Exception:
        return None


def test_no_byte_can_be_flipped(sealed: bytes) -> None:
    [found] = PdfFileReader(io.BytesIO(sealed)).embedded_signatures
    before, begins, ends, _ = (int(one) for one in found.byte_range)
    signed = [place for place in range(before, len(sealed), 1999) if not begins <= place < ends]
    signature = begins + 600  # within the CMS, not the zeros that fill it up
    assert len(signed) > 50
    assert [place for place in [*signed, signature] if judged_or_unreadable(flipped(sealed, place))] == []


def test_nothing_may_be_added(sealed: bytes) -> None:
    """Neither by saving it anew nor by an update behind it, as editors and other signers make."""
    anew, behind = io.BytesIO(), io.BytesIO()
    with pikepdf.open(io.BytesIO(sealed)) as document:
        document.save(anew)
    assert not judged_or_unreadable(anew.getvalue())
    writer = IncrementalPdfFileWriter(io.BytesIO(sealed))
    page = writer.root["/Pages"]["/Kids"][0]
    page["/Contents"] = writer.add_object(StreamObject(stream_data=b"q Q"))
    writer.mark_update(writer.root["/Pages"]["/Kids"].raw_get(0))
    writer.write(behind)
    told = proofs.judged(behind.getvalue())
    assert told.intact and not told.docmdp_ok and not told.bottom_line
    assert proofs.judged(sealed + b"%").coverage.name != "ENTIRE_FILE"


# --- what the document stays -------------------------------------------------------------------------------------


def test_it_says_the_same_as_before(sealed: bytes) -> None:
    with pikepdf.open(io.BytesIO(proofs.pdf())) as before, pikepdf.open(io.BytesIO(sealed)) as after:
        assert after.pdf_version == before.pdf_version == "1.7"
        assert "/Version" not in after.Root
        assert bytes(after.Root.Metadata.read_bytes()) == bytes(before.Root.Metadata.read_bytes())
        assert {str(name): str(value) for name, value in after.docinfo.items()} == {
            str(name): str(value) for name, value in before.docinfo.items()
        }
        assert len(after.pages) == len(before.pages)
        for one, other in zip(after.pages, before.pages, strict=True):
            assert one.Contents.read_bytes() == other.Contents.read_bytes()
        assert after.Root.MarkInfo.Marked and len(after.Root.OutputIntents) == 1
        told = {str(name) for name in after.Root.Extensions}
        assert told == {"/ESIC"}, "pyHanko's word of PDF 2.0 for the curve is left out"


def test_the_field_is_part_of_the_structure_and_read_aloud(sealed: bytes) -> None:
    """PDF/UA-1, 7.18: a widget stands in a Form element, has a name for people, and the page goes by structure."""
    with pikepdf.open(io.BytesIO(sealed)) as document:
        [field] = document.Root.AcroForm.Fields
        page = document.pages[0].obj
        assert str(field.TU) == NAME and str(field.T) == FIELD
        assert page.Tabs == pikepdf.Name.S and page == field.P
        tree = document.Root.StructTreeRoot
        parents = pikepdf.NumberTree(tree.ParentTree)
        element = parents[int(field.StructParent)]
        assert pikepdf.Name.Form == element.S and element.K.Type == pikepdf.Name.OBJR
        assert element.K.Obj.objgen == field.objgen
        assert element.objgen in {one.objgen for one in element.P.K}
        assert int(tree.ParentTreeNextKey) == int(field.StructParent) + 1
        # PDF/A-2, 6.3.2: printed, and none of hidden, invisible, not viewed, toggled
        assert int(field.F) & 4 and not int(field.F) & (1 | 2 | 32 | 256)


def test_what_has_no_structure_is_sealed_as_well(key: proofs.Key) -> None:
    plain = io.BytesIO()
    with pikepdf.new() as document:
        document.add_blank_page()
        document.save(plain)
    assert proofs.judged(
        seal(repack(plain.getvalue(), NAME), certificates(key.chain), key.sign, AT, reason="x", contact=VERIFY)
    ).valid


def test_it_is_smaller_and_the_same_for_the_same(small: bytes) -> None:
    assert repack(proofs.pdf(), NAME) == small
    assert len(small) < len(proofs.pdf())


def test_the_seal_takes_little_room_and_fits_whatever_the_chain(small: bytes, sealed: bytes) -> None:
    assert len(sealed) - len(small) < 8_000
    key = proofs.Key()
    for _ in range(20):  # signatures in DER are of different lengths
        assert proofs.judged(seal(small, certificates(key.chain), key.sign, AT, reason="x", contact=VERIFY)).valid


@pytest.mark.parametrize("data", [b"", b"no PDF", b"%PDF-1.7\n"])
def test_what_is_no_pdf_is_refused(data: bytes) -> None:
    with pytest.raises(NotSealable):
        repack(data, NAME)


def test_what_is_sealed_is_not_sealed_again(sealed: bytes) -> None:
    with pytest.raises(NotSealable):
        repack(sealed, NAME)


def test_what_has_no_field_is_not_sealed(key: proofs.Key) -> None:
    for data in (proofs.pdf(), b"no PDF"):
        with pytest.raises(NotSealable):
            seal(data, certificates(key.chain), key.sign, AT, reason="x", contact=VERIFY)


def test_a_chain_is_read_in_its_order(key: proofs.Key) -> None:
    own, root = certificates(key.chain)
    assert own.public_key.dump() == key.public and root.self_signed == "maybe"
    for text in ("", "no certificate", key.chain.replace("M", "!", 3)):
        with pytest.raises(ValueError, match=r".*"):
            certificates(text)


def test_the_local_root_says_what_it_is_and_stays(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    first, again = proofs.Root(tmp_path, now), proofs.Root(tmp_path, now + timedelta(days=1))
    assert first.certificate == again.certificate
    assert re.search("Local authority", first.certificate.subject.rfc4514_string())
    assert (tmp_path / "root-key.pem").stat().st_mode & 0o077 == 0
