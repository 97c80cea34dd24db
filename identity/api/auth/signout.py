"""Signing out of the pages, in the words of NextAuth."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from identity.api import cookies
from identity.api.auth.session import SessionSerializer
from identity.services import sessions, tokens
from platform_core.api.strict import StrictSerializer
from platform_core.api.surfaces import PublicPlatformSurface


class SignoutSerializer(StrictSerializer):
    """The token of `/api/auth/csrf`, unless it comes as `X-CSRFToken`."""

    csrf_token = serializers.CharField(max_length=128, required=False, write_only=True)


class Signout(PublicPlatformSurface):
    """End the session of this browser, signed in or not, and answer what `/api/auth/session` says from now on."""

    access = {"POST": "anyone"}
    failures = {"POST": [403]}

    @extend_schema(request=SignoutSerializer, responses={200: SessionSerializer})
    def post(self, request: Request) -> Response:
        cookies.require_proof(request, request.data)
        self.validated(SignoutSerializer)
        tokens.end(cookies.refresh_token(request))
        sessions.leave(request._request)
        response = Response({})
        cookies.drop(response)
        return response
