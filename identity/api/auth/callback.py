"""Signing in to the pages, in the words of NextAuth."""

from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from identity.api import cookies
from identity.api.auth import session
from identity.api.sign_in import SecondFactorSerializer, pending
from identity.services.sign_in import SecondFactorNeeded, by_pages, person_of
from platform_core.api.strict import StrictSerializer
from platform_core.api.surfaces import PublicPlatformSurface

ANSWER = PolymorphicProxySerializer(
    component_name="SessionOrSecondFactor",
    serializers=[session.SessionSerializer, SecondFactorSerializer],
    resource_type_field_name=None,
)


class CredentialsSerializer(StrictSerializer):
    """Address, password, and the token of `/api/auth/csrf` unless it comes as `X-CSRFToken`."""

    email = serializers.EmailField(max_length=254)
    password = serializers.CharField(max_length=256, trim_whitespace=False, write_only=True)
    csrf_token = serializers.CharField(max_length=128, required=False, write_only=True)


class CallbackCredentials(PublicPlatformSurface):
    """Sign in to the pages: sets the session's cookie, or says that a second factor is wanted."""

    access = {"POST": "anyone"}
    failures = {"POST": [401, 403, 429]}

    @extend_schema(request=CredentialsSerializer, responses={200: ANSWER})
    def post(self, request: Request) -> Response:
        cookies.require_proof(request, request.data)
        given = self.validated(CredentialsSerializer)
        user = person_of(request._request, given["email"], given["password"])
        outcome = by_pages(request._request, user, methods=["pwd"])
        return Response(pending(outcome) if isinstance(outcome, SecondFactorNeeded) else session.of(outcome))
