"""A PDF made small, and sealed: PAdES-B-B, by a P-256 key that a certificate is of.

The seal certifies the document and allows no change after it. PDF/A-2 and PDF/UA-1 stay what they were: the version
stays 1.7, and the field of the signature, which shows nothing, is in the tree of the document's structure and has a
name that is read aloud.
"""
# asn1crypto and parts of pyHanko tell no types
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingTypeStubs=false

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pikepdf
from asn1crypto import x509 as asn1
from asn1crypto.algos import SignedDigestAlgorithm
from pikepdf import Array, Dictionary, Name, String
from pyhanko.keys import load_certs_from_pemder_data
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.writer import BasePdfFileWriter
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, Signer
from pyhanko.sign.signers.constants import ESIC_EXTENSION_1
from pyhanko_certvalidator.registry import SimpleCertificateStore

from proof import Sign

FIELD = "Seal"
LONGEST_SIGNATURE = 72
"""Bytes of an ECDSA signature on P-256 in DER."""
BESIDE_CERTIFICATES = 512
"""Bytes of a seal that are neither certificates nor the name of who made one."""
UNSEEN = 4 | 128
"""Flags of the field: printed, as PDF/A asks of all that is there, and locked."""


class NotSealable(ValueError):
    """What came is no PDF, or one that bears a form or a signature already."""


def certificates(chain: str) -> list[asn1.Certificate]:
    """The certificates of `chain` in PEM, in its order. Raises ValueError when there is none, or one is broken."""
    found = list(load_certs_from_pemder_data(chain.encode()))
    if not found:
        raise ValueError("no certificate in PEM")
    return found


def repack(pdf: bytes, field_name: str) -> bytes:
    """`pdf` in less space, with an empty field for the seal that is read aloud as `field_name`; the same bytes for the
    same PDF. Raises NotSealable."""
    try:
        document = pikepdf.open(io.BytesIO(pdf))
    except pikepdf.PdfError as error:
        raise NotSealable("no PDF") from error
    with document:
        if "/AcroForm" in document.Root:
            raise NotSealable("it has a form already")
        _add_field(document, field_name)
        out = io.BytesIO()
        document.save(
            out,
            object_stream_mode=pikepdf.ObjectStreamMode.generate,
            compress_streams=True,
            deterministic_id=True,
            fix_metadata_version=False,  # it would write the document's description anew
        )
    return out.getvalue()


def _add_field(document: pikepdf.Pdf, field_name: str) -> None:
    page = document.pages[0].obj
    field: Any = document.make_indirect(
        Dictionary(
            Type=Name.Annot,
            Subtype=Name.Widget,
            FT=Name.Sig,
            T=String(FIELD),
            TU=String(field_name),
            F=UNSEEN,
            Rect=Array([0, 0, 0, 0]),
            P=page,
        )
    )
    if "/Annots" not in page:
        page.Annots = Array([])
    page.Annots.append(field)
    page.Tabs = Name.S
    document.Root.AcroForm = document.make_indirect(Dictionary(Fields=Array([field]), SigFlags=3))
    _tag(document, page, field, field_name)


def _tag(document: pikepdf.Pdf, page: Any, field: Any, field_name: str) -> None:
    """Put the field last into the structure, when the document has one."""
    tree: Any = document.Root.get("/StructTreeRoot")
    if tree is None:
        return
    whole: Any = tree.K[0] if isinstance(tree.K, Array) else tree.K
    element = document.make_indirect(
        Dictionary(
            Type=Name.StructElem,
            S=Name.Form,
            P=whole,
            Alt=String(field_name),
            K=Dictionary(Type=Name.OBJR, Obj=field, Pg=page),
        )
    )
    if not isinstance(whole.K, Array):
        whole.K = Array([whole.K])
    whole.K.append(element)
    parents = pikepdf.NumberTree(tree.ParentTree)
    number = int(tree.get("/ParentTreeNextKey", max(parents, default=-1) + 1))
    parents[number] = element
    tree.ParentTreeNextKey = number + 1
    field.StructParent = number


def seal(
    pdf: bytes, chain: Sequence[asn1.Certificate], sign: Sign, at: datetime, *, reason: str, contact: str
) -> bytes:
    """`pdf`, as `repack` gives it, sealed at `at`, which has a time zone. `chain` are the certificate of the key that
    `sign` signs by, and those above it up to the root. `reason` and `contact`, where it is verified, stand in the seal
    as they are, for nothing in it is compressed: whoever reads the file finds them. Raises NotSealable, and whatever
    `sign` raises."""
    try:
        writer = _Writer(io.BytesIO(pdf))
        meta = PdfSignatureMetadata(
            field_name=FIELD,
            md_algorithm="sha256",
            subfilter=SigSeedSubFilter.PADES,
            reason=reason,
            contact_info=contact,
            certify=True,
            docmdp_permissions=MDPPerm.NO_CHANGES,
        )
        signer = _Sealer(meta, _Elsewhere(chain, sign), at)
        sealed = io.BytesIO()
        signer.sign_pdf(writer, existing_fields_only=True, bytes_reserved=_room(chain), output=sealed)
    except (PdfError, SigningError) as error:
        raise NotSealable(str(error)) from error
    return sealed.getvalue()


def _room(chain: Sequence[asn1.Certificate]) -> int:
    """How many digits the signature takes: pyHanko would make one up to see, which is half of its work."""
    issuer = len(bytes(chain[0].issuer.dump()))
    return 2 * (sum(len(bytes(one.dump())) for one in chain) + 2 * issuer + BESIDE_CERTIFICATES)


class _Writer(IncrementalPdfFileWriter):
    """Leaves what the document says of itself as it was typeset; pyHanko would sign it with its own name."""

    def _update_meta(self) -> None:
        return


class _Elsewhere(Signer):
    """Signs by a key that is not here."""

    def __init__(self, chain: Sequence[asn1.Certificate], sign: Sign) -> None:
        above = SimpleCertificateStore()
        above.register_multiple(chain[1:])
        super().__init__(
            signing_cert=chain[0],
            cert_registry=above,
            signature_mechanism=SignedDigestAlgorithm({"algorithm": "sha256_ecdsa"}),
        )
        self._sign = sign

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        if dry_run:
            return bytes(LONGEST_SIGNATURE)
        return self._sign(hashlib.sha256(data).digest())


class _Sealer(PdfSigner):
    """Tells PAdES by its extension of PDF 1.7 alone: pyHanko would tell the curve by one of PDF 2.0, which PDF/A-2
    forbids."""

    def __init__(self, meta: PdfSignatureMetadata, signer: Signer, at: datetime) -> None:
        super().__init__(meta, signer)
        self._at = at

    def register_extensions(self, pdf_out: BasePdfFileWriter, *, md_algorithm: str) -> None:
        pdf_out.register_extension(ESIC_EXTENSION_1)

    def init_signing_session(self, pdf_out: BasePdfFileWriter, existing_fields_only: bool = False) -> Any:
        session = super().init_signing_session(pdf_out, existing_fields_only)
        session.system_time = self._at
        return session
