"""Photographs and scans: opened by the one decoder they claim, drawn anew; the colours' profile stays, nothing else."""

from __future__ import annotations

import io

from PIL import Image, ImageOps

from inspection.documents import Clean, Rejected

MOST_PIXELS = 64_000_000
"""A phone's largest photographs have 50 million; more is a picture made to fill the memory."""
LONGEST_PROFILE = 1024 * 1024
THUMBNAIL = (320, 320)
QUALITY, THUMBNAIL_QUALITY = 88, 75
MODES = {"jpeg": ("L", "RGB"), "png": ("1", "L", "LA", "RGB", "RGBA"), "webp": ("RGB", "RGBA")}


def clean(data: bytes, kind: str) -> Clean:
    """`data`, an image of `kind`, upright and without what it says besides its pixels. Raises Rejected."""
    try:
        with Image.open(io.BytesIO(data), formats=[kind.upper()]) as opened:
            # the size stands in the header: nothing has been unpacked yet
            if opened.width * opened.height > MOST_PIXELS:
                raise Rejected("too-many-pixels")
            profile = opened.info.get("icc_profile", b"")
            opened.load()
            upright = ImageOps.exif_transpose(opened)
    except Image.DecompressionBombError as error:
        raise Rejected("too-many-pixels") from error
    except (OSError, ValueError, SyntaxError) as error:
        raise Rejected("damaged") from error
    converted = upright if upright.mode in MODES[kind] else upright.convert(_mode(upright, kind))
    if converted.mode != upright.mode or len(profile) > LONGEST_PROFILE:
        profile = b""  # it was about other colours
    bare = Image.new(converted.mode, converted.size)
    bare.paste(converted)
    out = io.BytesIO()
    bare.save(out, kind.upper(), quality=QUALITY, icc_profile=profile or None)
    return Clean(kind, out.getvalue(), thumbnail(bare))


def thumbnail(image: Image.Image) -> bytes:
    """A small JPEG of `image`, on white where it is transparent."""
    small = ImageOps.contain(image, THUMBNAIL).convert("RGBA")
    ground = Image.new("RGB", small.size, "white")
    ground.paste(small, mask=small.getchannel("A"))
    out = io.BytesIO()
    ground.save(out, "JPEG", quality=THUMBNAIL_QUALITY)
    return out.getvalue()


def _mode(image: Image.Image, kind: str) -> str:
    transparent = image.has_transparency_data
    return "RGBA" if transparent and "RGBA" in MODES[kind] else "RGB"
