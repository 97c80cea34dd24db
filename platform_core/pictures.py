"""Pictures: never kept as they came, but drawn anew, small, square, without what was hidden in them."""

import io

from PIL import Image, ImageOps

from platform_core.errors import InvalidInput, PayloadTooLarge

MOST_BYTES = 5 * 1024 * 1024
MOST_PIXELS = 40_000_000
SIDE = 512
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
CONTENT_TYPE = "image/webp"
UNREADABLE = "This is no picture that can be read. Send a JPEG, PNG, WebP or GIF."


def draw(content: bytes) -> bytes:
    """The picture as it is kept: upright, its middle as a square, WebP, no metadata."""
    if len(content) > MOST_BYTES:
        raise PayloadTooLarge(f"A picture may have {MOST_BYTES // 1024**2} MB.")
    try:
        picture = _read(content)
    except InvalidInput:
        raise
    except Exception as error:
        # Decoders fail in many ways; each of them is the fault of the file.
        raise _refused(UNREADABLE) from error
    drawn = io.BytesIO()
    picture.save(drawn, "WEBP", quality=85, exif=b"", icc_profile=None, xmp=b"")
    return drawn.getvalue()


def _read(content: bytes) -> Image.Image:
    with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
        # Known from the header: nothing has been unpacked yet.
        if picture.width * picture.height > MOST_PIXELS:
            raise _refused("The picture has too many pixels.")
        picture.draft("RGB", (2 * SIDE, 2 * SIDE))
        upright = ImageOps.exif_transpose(picture)
        clear = upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info
        return ImageOps.fit(upright.convert("RGBA" if clear else "RGB"), (SIDE, SIDE))


def _refused(reason: str) -> InvalidInput:
    return InvalidInput(reason, details={"photo": [reason]})
