"""Putting a sign-in into a browser's cookies."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from identity.api import cookies
from identity.services import exchange
from platform_core.api import csrf
from platform_core.api.strict import StrictSerializer
from platform_core.api.surfaces import PublicPlatformSurface


class SetCookieSerializer(StrictSerializer):
    """The token that works once. An access token is none: it would sign a victim in as whoever got it."""

    token = serializers.CharField(max_length=100, write_only=True)


class SetCookie(PublicPlatformSurface):
    """Trade the single-use token for cookies. Only one of our own pages can ask: its origin and its CSRF token show."""

    access = {"POST": "anyone"}
    failures = {"POST": [401, 403]}

    @extend_schema(request=SetCookieSerializer, responses={204: None})
    def post(self, request: Request) -> Response:
        # Read first: what another site's form can send is no JSON.
        _ = request.data
        csrf.require_own_page(request)
        issued = exchange.redeem(self.validated(SetCookieSerializer)["token"])
        response = Response(status=status.HTTP_204_NO_CONTENT)
        cookies.begin(response, request, issued)
        return response
