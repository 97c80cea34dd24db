"""Pictures as they come in and go out."""

import hashlib

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from rest_framework import serializers
from rest_framework.parsers import BaseParser, MultiPartParser
from rest_framework.request import Request

from platform_core import pictures
from platform_core.api.strict import StrictSerializer
from platform_core.errors import PayloadTooLarge

# What surrounds the file in a form.
AROUND = 64 * 1024
PARSERS: list[type[BaseParser]] = [MultiPartParser]
PICTURE = {(200, pictures.CONTENT_TYPE): OpenApiTypes.BINARY}


class PhotoSerializer(StrictSerializer):
    """A JPEG, PNG, WebP or GIF of at most 5 MB. It is kept as a square of 512 pixels, without metadata."""

    photo = serializers.FileField(write_only=True, max_length=200)


def refuse_large(request: Request) -> None:
    """Before the body is read: whoever announces too much is not listened to."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > pictures.MOST_BYTES + AROUND:
        raise PayloadTooLarge(f"A picture may have {pictures.MOST_BYTES // 1024**2} MB.")


def served(content: bytes) -> HttpResponse:
    """A picture as an answer that can be nothing but a picture."""
    response = HttpResponse(content, content_type=pictures.CONTENT_TYPE)
    response["Content-Disposition"] = 'inline; filename="photo.webp"'
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    # The address changes with the picture; whoever may see it may keep it, and no cache on the way.
    response["Cache-Control"] = "private, max-age=86400"
    response["ETag"] = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    return response
