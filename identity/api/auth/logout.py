"""Signing out of a browser, whether or not its access token still lives."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from identity.api import cookies
from identity.api.account.auth import signed_out
from identity.services import tokens
from platform_core.api import csrf
from platform_core.api.strict import Nothing
from platform_core.api.surfaces import PublicPlatformSurface


class Logout(PublicPlatformSurface):
    """End the sign-in of the refresh cookie and clear the cookies, signed in or not."""

    access = {"POST": "anyone"}
    failures = {"POST": [403]}

    @extend_schema(request=Nothing, responses={204: None})
    def post(self, request: Request) -> Response:
        csrf.refuse_other_origins(request)
        self.validated(Nothing)
        tokens.end(cookies.refresh_token(request))
        return signed_out(request)
