"""Pictures to send."""

import io
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

# Found in the bytes of whatever kept it.
HIDDEN = "51.5007N 0.1246W"


def picture(form: str = "PNG", size: tuple[int, int] = (40, 20), mode: str = "RGB", **options: Any) -> bytes:
    """A picture of one colour."""
    written = io.BytesIO()
    Image.new(mode, size, 1 if mode in ("1", "L", "P") else "teal").save(written, form, **options)
    return written.getvalue()


def with_location() -> bytes:
    """A photograph that tells where it was taken, and lies on its side."""
    exif = Image.Exif()
    exif[0x010E] = HIDDEN
    exif[0x0112] = 6
    return picture("JPEG", (60, 20), exif=exif)


def upload(content: bytes, name: str = "me.png", content_type: str = "image/png") -> SimpleUploadedFile:
    """As a browser sends it."""
    return SimpleUploadedFile(name, content, content_type)


def opened(content: bytes) -> Image.Image:
    """What a program that shows it would see."""
    return Image.open(io.BytesIO(content))
