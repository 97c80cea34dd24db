"""The token that shows that one of our own pages sent a request."""

from django.middleware.csrf import get_token
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from platform_core.api.strict import StrictSerializer
from platform_core.api.surfaces import PublicPlatformSurface


class CsrfSerializer(StrictSerializer):
    """To be sent with each write, as `X-CSRFToken` or, where a body has the field, as `csrfToken`."""

    csrf_token = serializers.CharField()


class Csrf(PublicPlatformSurface):
    """The CSRF token of this browser, and the cookie that it is compared with."""

    access = {"GET": "anyone"}

    @extend_schema(responses={200: CsrfSerializer})
    def get(self, request: Request) -> Response:
        return Response(CsrfSerializer({"csrf_token": get_token(request._request)}).data)
