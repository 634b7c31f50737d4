"""The fonts of the typeset layer: from the pinned npm packages to the folder that ships.

`copy_fonts(target)` is what bundling calls; `python layers/typeset/fonts.py` fills a source checkout, whose
documents read `layers/typeset/typeset/fonts/`. What each face is and where it comes from stands in fonts.toml.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parents[1]
PACKAGES = CHECKOUT / "node_modules"
CACHE = CHECKOUT / ".local" / "fonts"
IN_PLACE = HERE / "typeset" / "fonts"
HANAZONO_DATE = 3_587_328_000  # 2017-09-04 in seconds since 1904, as fonts count: not the day of the build


class FontsMissing(RuntimeError):
    """A face cannot be had, or is not the file that fonts.toml names; the message says what to do."""


@dataclass(frozen=True)
class Face:
    """One font file. `source` and `licence` are paths below node_modules.

    It is copied as it is, unless it is packed for the web, or only the characters of `ranges` are wanted of it.
    """

    file: str
    source: str
    licence: str
    sha256: str
    ranges: tuple[tuple[int, int], ...] = ()

    @property
    def copied(self) -> bool:
        return not self.ranges and not self.source.endswith(".woff")


@dataclass(frozen=True)
class RareFace:
    """The face joined from web slices. `sources` are globs below node_modules, `licence` is a path below this
    folder, `ranges` are inclusive code point pairs, `except_` is the `Face.file` whose characters are left out."""

    file: str
    family: str
    sources: tuple[str, ...]
    licence: str
    except_: str
    ranges: tuple[tuple[int, int], ...]
    sha256: str


def faces() -> tuple[tuple[Face, ...], RareFace]:
    """What fonts.toml says: the plain faces in fallback order, and the joined one, which comes last."""
    declared = tomllib.loads((HERE / "fonts.toml").read_text("utf-8"))
    rare = declared["rare"]
    return (
        tuple(Face(**face | {"ranges": _ranges(face.get("ranges", ()))}) for face in declared["faces"]),
        RareFace(
            file=rare["file"],
            family=rare["family"],
            sources=tuple(rare["sources"]),
            licence=rare["licence"],
            except_=rare["except"],
            ranges=_ranges(rare["ranges"]),
            sha256=rare["sha256"],
        ),
    )


def _ranges(declared: Sequence[Sequence[int]]) -> tuple[tuple[int, int], ...]:
    return tuple((first, last) for first, last in declared)


def copy_fonts(target: Path, *, packages: Path = PACKAGES, cache: Path = CACHE) -> list[Path]:
    """Put exactly the faces of fonts.toml and their licence texts into `target`; other files there are removed.

    Files that are already right stay untouched, so a second call costs one hash per face. Returns the font files
    in fallback order. Raises `FontsMissing` when a package is not installed or a file is not the expected one.
    """
    plain, rare = faces()
    target.mkdir(parents=True, exist_ok=True)
    licences = {f"{Path(face.licence).parent.name}.txt": packages / face.licence for face in plain}
    licences[f"{Path(rare.file).stem}.txt"] = HERE / rare.licence

    for face in plain:
        if face.copied:
            _place(_package_file(packages / face.source), target / face.file, face.sha256)
        else:
            _made(face, target, cache, partial(_cut, face, packages))
    _made(rare, target, cache, partial(_join, rare, packages))

    (target / "licences").mkdir(exist_ok=True)
    for name, source in licences.items():
        shutil.copyfile(_package_file(source), target / "licences" / name)

    wanted = [target / face.file for face in plain] + [target / rare.file]
    for stray in {path for path in target.iterdir() if path.is_file()} - set(wanted):
        stray.unlink()
    return wanted


def _made(face: Face | RareFace, target: Path, cache: Path, make: Callable[[], bytes]) -> None:
    """Place a face that is made here, once for every target."""
    if _is(target / face.file, face.sha256):
        return
    kept = cache / face.file
    if not _is(kept, face.sha256):
        cache.mkdir(parents=True, exist_ok=True)
        _write(kept, make())
    _place(kept, target / face.file, face.sha256)


def _package_file(path: Path) -> Path:
    if not path.is_file():
        raise FontsMissing(f"{path} is missing; `npm ci` installs it")
    return path


def _is(path: Path, sha256: str) -> bool:
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256


def _place(source: Path, target: Path, sha256: str) -> None:
    if _is(target, sha256):
        return
    content = source.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise FontsMissing(f"{source} has sha256 {found}, but fonts.toml expects {sha256}")
    _write(target, content)


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all, so that two test processes or a kill cannot leave half a font behind."""
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(content)
    whole = Path(file.name)
    whole.chmod(0o644)
    whole.replace(path)


def _cut(face: Face, packages: Path) -> bytes:
    """The face unpacked, with the characters of `ranges` alone; it depends on the source alone (no dates)."""
    from fontTools.subset import Options, Subsetter
    from fontTools.ttLib import TTFont

    font = TTFont(_package_file(packages / face.source), recalcTimestamp=False)
    if face.ranges:
        options = Options()
        options.layout_features = ["*"]
        options.name_IDs = ["*"]
        options.notdef_outline = True
        options.hinting = False
        wanted = Subsetter(options)
        wanted.populate(unicodes=[code for first, last in face.ranges for code in range(first, last + 1)])
        wanted.subset(font)
    font.flavor = None
    out = BytesIO()
    font.save(out)
    return out.getvalue()


def _join(rare: RareFace, packages: Path) -> bytes:
    """Join the web slices into one TrueType face of the characters that `except_` lacks, without hinting.

    The result depends on the slices alone (no dates), so its hash can be pinned.
    """
    # Only bundling needs fontTools; documents are rendered without it.
    from fontTools.fontBuilder import FontBuilder
    from fontTools.ttLib import TTFont, newTable
    from fontTools.ttLib.tables._g_l_y_f import Glyph

    slices = sorted({path for pattern in rare.sources for path in packages.glob(pattern)})
    if not slices:
        raise FontsMissing(f"{packages / rare.sources[0]} is missing; `npm ci` installs it")
    plain, _ = faces()
    common = next(packages / face.source for face in plain if face.file == rare.except_)
    with TTFont(_package_file(common), lazy=True) as font:
        covered = set(font.getBestCmap())

    glyphs: dict[int, Glyph] = {}
    advances: dict[int, tuple[int, int]] = {}
    limits: dict[str, int] = {}
    with tempfile.TemporaryDirectory() as folder:
        _decompress(slices, Path(folder))
        for file in sorted(Path(folder).iterdir()):
            font = TTFont(BytesIO(file.read_bytes()), lazy=True)
            table, metrics = font["glyf"], font["hmtx"]
            for code, name in font.getBestCmap().items():
                in_range = any(first <= code <= last for first, last in rare.ranges)
                if not in_range or code in covered or code in glyphs:
                    continue
                glyph = table.glyphs[name]
                glyph.trim(remove_hinting=True)
                if not getattr(glyph, "data", b""):
                    continue  # an empty outline would be a silent gap in a name
                glyphs[code] = glyph
                advances[code] = metrics[name]
            for limit in ("maxPoints", "maxContours"):
                limits[limit] = max(limits.get(limit, 0), getattr(font["maxp"], limit))
            ascent, descent, units = font["hhea"].ascent, font["hhea"].descent, font["head"].unitsPerEm

    names = {code: f"u{code:04X}" for code in sorted(glyphs)}
    builder = FontBuilder(unitsPerEm=units, isTTF=True)
    builder.font.recalcBBoxes = False  # would unpack all outlines, only to find the boxes they already state
    builder.font.recalcTimestamp = False
    builder.setupGlyphOrder([".notdef", *names.values()])
    builder.setupCharacterMap(names)
    blank = Glyph()
    blank.data = b""
    # setupGlyf() would unpack the outlines too
    outlines = builder.font["glyf"] = newTable("glyf")
    outlines.glyphs = {".notdef": blank} | {names[code]: glyphs[code] for code in names}
    outlines.glyphOrder = [".notdef", *names.values()]
    builder.font["loca"] = newTable("loca")
    builder.setupMaxp()
    builder.setupHorizontalMetrics({".notdef": (units, 0)} | {names[code]: advances[code] for code in names})
    builder.setupHorizontalHeader(ascent=ascent, descent=descent)
    builder.setupNameTable(
        {
            "familyName": rare.family,
            "styleName": "Regular",
            "uniqueFontIdentifier": f"{rare.family} Regular",
            "fullName": f"{rare.family} Regular",
            "psName": Path(rare.file).stem,
            "version": "Version 1.000",
            "copyright": 'Copyright (c) 2011, GlyphWiki Project, with Reserved Font Name "Hanazono Font"',
            "licenseDescription": "SIL Open Font License, Version 1.1",
            "licenseInfoURL": "https://openfontlicense.org",
        },
        mac=False,
    )
    builder.setupOS2(
        sTypoAscender=ascent,
        sTypoDescender=descent,
        usWinAscent=ascent,
        usWinDescent=-descent,
        usWeightClass=400,
        achVendID="NONE",
    )
    builder.setupPost(keepGlyphNames=False)
    header = builder.font["head"]
    header.created = header.modified = HANAZONO_DATE
    header.xMin, header.yMin, header.xMax, header.yMax = 0, descent, units, ascent
    for limit, value in limits.items():
        setattr(builder.font["maxp"], limit, value)
    out = BytesIO()
    builder.save(out)
    return out.getvalue()


def _decompress(slices: list[Path], folder: Path) -> None:
    node = shutil.which("node")
    if node is None:
        raise FontsMissing("node is missing; it unpacks the font for rare characters")
    done = subprocess.run(  # noqa: S603  own script, own files
        [node, str(HERE / "decompress.mjs"), str(folder), *map(str, slices)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise FontsMissing(f"the font for rare characters cannot be unpacked: {done.stderr.strip()[-400:]}")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Put the fonts of the documents in place.")
    parser.add_argument("target", nargs="?", type=Path, default=IN_PLACE)
    target: Path = parser.parse_args(arguments).target
    try:
        files = copy_fonts(target)
    except FontsMissing as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    size = sum(file.stat().st_size for file in files)
    sys.stdout.write(f"{len(files)} faces, {size / 1e6:.1f} MB in {target}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
