"""Documents that strangers upload: what is taken, what is not, and what is left of what was taken."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from functools import cache

import pikepdf
import pytest
from inspection import Rejected, inspect
from PIL import Image, ImageCms

ALL = frozenset({"pdf", "jpeg", "png", "webp"})
LARGEST = 5 * 2**20
GPS = 0x8825


def image(size: tuple[int, int] = (60, 40), mode: str = "RGB") -> Image.Image:
    """A picture whose upper left quarter differs from the rest."""
    picture = Image.new("RGB", size, "white")
    picture.paste((200, 0, 0), (0, 0, size[0] // 2, size[1] // 2))
    return picture.convert(mode)


def written(picture: Image.Image, kind: str, **more: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind.upper(), **more)
    return out.getvalue()


def photograph() -> bytes:
    """As a phone writes it: lying on its side, with place, time and device."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "SECRETPHONE"
    exif.get_ifd(GPS)[1] = "N"
    exif.get_ifd(GPS)[2] = (31.0, 14.0, 5.0)
    return written(image((80, 40)), "jpeg", exif=exif, quality=90, comment=b"SECRETCOMMENT")


@cache
def pdf(pages: int = 1) -> bytes:
    return made(lambda document: None, pages)


def made(change: Callable[[pikepdf.Pdf], object], pages: int = 1, **saved: object) -> bytes:
    """A PDF after `change`, written with `saved`."""
    document = pikepdf.new()
    for _ in range(pages):
        document.add_blank_page(page_size=(200, 300))
    change(document)
    out = io.BytesIO()
    document.save(out, **saved)  # type: ignore[arg-type]
    return out.getvalue()


def refused(data: bytes, types: frozenset[str] = ALL, largest: int = LARGEST) -> str:
    with pytest.raises(Rejected) as rejected:
        inspect(data, types, largest)
    return rejected.value.code


# --- pictures ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", ["jpeg", "png", "webp"])
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "CMYK"])
def test_a_picture_of_any_colours_is_drawn_anew_as_what_it_is(kind: str, mode: str) -> None:
    if (kind, mode) in {("jpeg", "RGBA"), ("jpeg", "P"), ("png", "CMYK"), ("webp", "CMYK")}:
        pytest.skip("there is no such file")
    clean = inspect(written(image(mode=mode), kind), ALL, LARGEST)
    assert (clean.kind, clean.pages) == (kind, 1)
    with Image.open(io.BytesIO(clean.data)) as again:
        assert (again.format, again.size) == (kind.upper(), (60, 40))
        red, green, _ = again.convert("RGB").getpixel((10, 10))  # type: ignore[misc]
        assert (red > 130 and green < 60) or mode == "L"


def test_a_photograph_keeps_neither_place_nor_device_and_stands_upright() -> None:
    data = photograph()
    assert b"SECRETPHONE" in data and b"SECRETCOMMENT" in data, "there is something to take away"
    clean = inspect(data, ALL, LARGEST)
    with Image.open(io.BytesIO(clean.data)) as again:
        assert dict(again.getexif()) == {} and not again.getexif().get_ifd(GPS)
        assert again.size == (40, 80)
        red, _, blue = again.getpixel((35, 5))  # type: ignore[misc]
        assert red > 150 and blue < 100, "what was left above is now right above"
    for copy in (clean.data, clean.thumbnail):
        assert b"SECRET" not in copy and b"Exif" not in copy


def test_a_png_keeps_nothing_that_was_written_beside_its_pixels() -> None:
    from PIL.PngImagePlugin import PngInfo

    told = PngInfo()
    told.add_text("Comment", "SECRET" * 3)
    told.add_itxt("XML:com.adobe.xmp", "<x>SECRET</x>")
    clean = inspect(written(image(), "png", pnginfo=told), ALL, LARGEST)
    assert b"SECRET" not in clean.data


def test_the_profile_of_the_colours_stays() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    clean = inspect(written(image(), "jpeg", icc_profile=profile), ALL, LARGEST)
    with Image.open(io.BytesIO(clean.data)) as again:
        assert again.info["icc_profile"] == profile


def test_a_thumbnail_is_small_and_a_jpeg_on_white() -> None:
    clean = inspect(written(Image.new("RGBA", (2000, 1000), (0, 0, 0, 0)), "png"), ALL, LARGEST)
    with Image.open(io.BytesIO(clean.thumbnail)) as small:
        assert (small.format, small.size) == ("JPEG", (320, 160))
        assert small.getpixel((5, 5)) == (255, 255, 255)
    assert len(clean.thumbnail) < 30_000


def test_a_picture_made_to_fill_the_memory_is_not_unpacked() -> None:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    for side in (9_000, 60_000):
        header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
        rows = zlib.compress(b"\0" * 10_000)
        bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
        assert refused(bomb) == "too-many-pixels"


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp"])
def test_a_picture_that_was_cut_off_is_damaged(kind: str) -> None:
    data = written(Image.effect_noise((200, 200), 80).convert("RGB"), kind)
    assert refused(data[: len(data) // 2]) == "damaged"
    assert refused(data[:16]) == "damaged"


# --- PDFs ----------------------------------------------------------------------------------------------------
def test_a_pdf_is_taken_with_its_pages_and_a_picture_that_says_so() -> None:
    clean = inspect(pdf(12), ALL, LARGEST)
    assert (clean.kind, clean.pages) == ("pdf", 12)
    assert len(pikepdf.open(io.BytesIO(clean.data)).pages) == 12
    with Image.open(io.BytesIO(clean.thumbnail)) as small:
        assert small.format == "JPEG" and max(small.size) <= 320


@pytest.mark.parametrize("password", ["", "known"], ids=["restricted", "locked"])
def test_an_encrypted_pdf_is_refused_whether_it_opens_or_not(password: str) -> None:
    data = made(lambda document: None, encryption=pikepdf.Encryption(owner="owner", user=password))
    assert refused(data) == "encrypted"


def action(kind: str, **more: object) -> pikepdf.Dictionary:
    return pikepdf.Dictionary(S=pikepdf.Name(kind), **more)  # type: ignore[arg-type]


def on_opening(document: pikepdf.Pdf) -> None:
    document.Root.OpenAction = action("/JavaScript", JS=pikepdf.String("app.alert(1)"))


def on_leaving_a_page(document: pikepdf.Pdf) -> None:
    document.pages[0].obj.AA = pikepdf.Dictionary(C=action("/Launch", F=pikepdf.String("cmd.exe")))


def after_another(document: pikepdf.Pdf) -> None:
    deep = action("/URI", URI=pikepdf.String("https://example.edu"), Next=[action("/SubmitForm")])
    document.Root.OpenAction = document.make_indirect(deep)


def by_name(document: pikepdf.Pdf) -> None:
    names = pikepdf.Dictionary(Names=[pikepdf.String("x"), document.make_indirect(action("/JavaScript"))])
    document.Root.Names = pikepdf.Dictionary(JavaScript=names)


def as_a_form(document: pikepdf.Pdf) -> None:
    document.Root.AcroForm = pikepdf.Dictionary(XFA=document.make_stream(b"<xdp/>"), Fields=[])


@pytest.mark.parametrize("change", [on_opening, on_leaving_a_page, after_another, by_name, as_a_form])
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "in object streams"])
def test_a_pdf_that_does_something_is_refused(change: Callable[[pikepdf.Pdf], object], packed: bool) -> None:
    mode = pikepdf.ObjectStreamMode.generate if packed else pikepdf.ObjectStreamMode.disable
    assert refused(made(change, object_stream_mode=mode)) == "active"


def test_names_written_otherwise_are_the_same_names() -> None:
    data = made(on_opening, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    assert data.count(b"/JavaScript") == 1 and data.count(b"/JS ") == 1
    hidden = data.replace(b"/JavaScript", b"/JavaScrip#74").replace(b"/JS ", b"/J#53 ")
    moved = pikepdf.open(io.BytesIO(hidden))  # the places in the file have moved: written anew, they are right again
    out = io.BytesIO()
    moved.save(out)
    assert refused(out.getvalue()) == "active"


def test_a_pdf_that_carries_files_is_refused() -> None:
    def carry(document: pikepdf.Pdf) -> None:
        document.attachments["macro.docm"] = b"PK\x03\x04"

    assert refused(made(carry)) == "attachments"


def test_links_and_bookmarks_do_nothing_and_are_taken() -> None:
    def link(document: pikepdf.Pdf) -> None:
        document.Root.OpenAction = action("/GoTo", D=pikepdf.Array([document.pages[0].obj, pikepdf.Name.Fit]))
        document.pages[0].obj.Annots = pikepdf.Array(
            [pikepdf.Dictionary(Subtype=pikepdf.Name.Link, A=action("/URI", URI=pikepdf.String("https://example.edu")))]
        )

    assert inspect(made(link), ALL, LARGEST).kind == "pdf"


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_a_pdf_that_was_cut_off_is_damaged(share: float) -> None:
    data = pdf(40)
    assert refused(data[: int(len(data) * share)]) == "damaged"


def test_a_pdf_without_pages_is_damaged() -> None:
    assert refused(made(lambda document: None, 0)) == "damaged"


def test_what_is_nested_without_end_is_damaged() -> None:
    def nest(document: pikepdf.Pdf) -> None:
        deep = pikepdf.Array([])
        for _ in range(200):
            deep = pikepdf.Array([deep])
        document.Root.Deep = deep

    assert refused(made(nest)) == "damaged"


# --- what is two things at once, or another thing ------------------------------------------------------------
def archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr("word/vbaProject.bin", "macro")
    return out.getvalue()


@pytest.mark.parametrize("kind", ["jpeg", "png", "pdf"])
def test_of_a_file_that_is_an_archive_as_well_only_the_document_is_kept(kind: str) -> None:
    data = (pdf() if kind == "pdf" else written(image(), kind)) + archive() + b"<script>alert(1)</script>"
    assert zipfile.is_zipfile(io.BytesIO(archive()))
    try:
        kept = inspect(data, ALL, LARGEST).data
    except Rejected as rejected:
        assert rejected.code == "damaged"
    else:
        assert b"vbaProject" not in kept and b"<script>" not in kept


def test_a_pdf_behind_something_else_is_no_pdf() -> None:
    assert refused(b"<html><script>alert(1)</script>" + pdf()) == "wrong-type"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (archive(), "office"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "office"),
        (b"{\\rtf1 x}", "office"),
        (b"MZ\x90\0", "wrong-type"),
        (b"GIF89a" + b"\0" * 30, "wrong-type"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "wrong-type"),
        (b"\0\0\0\x18ftypheic", "wrong-type"),
        (b"%PDF-1.7 and no more", "damaged"),
        (b"", "empty"),
    ],
)
def test_other_files_are_refused_by_what_is_in_them(data: bytes, code: str) -> None:
    assert refused(data) == code


def test_only_what_was_asked_for_is_taken() -> None:
    assert refused(written(image(), "png"), frozenset({"pdf"})) == "wrong-type"
    assert refused(pdf(), frozenset({"jpeg", "png"})) == "wrong-type"


def test_the_size_is_counted_not_believed() -> None:
    data = pdf()
    assert inspect(data, ALL, len(data)).kind == "pdf"
    assert refused(data, largest=len(data) - 1) == "too-large"


def test_every_reason_there_can_be_has_its_sentence() -> None:
    """Both ways: each code of the catalogue is in the package, and the other way round."""
    import re
    from pathlib import Path

    import inspection
    from yinji.clearance.evidence import MEDIA_TYPES, refusals

    code = "".join(path.read_text("utf-8") for path in Path(inspection.__file__).parent.glob("*.py"))
    assert set(re.findall(r'Rejected\("([a-z-]+)"\)', code)) == set(refusals())
    assert all(set(text) == {"zh", "en"} for text in refusals().values())
    assert set(MEDIA_TYPES) == ALL
