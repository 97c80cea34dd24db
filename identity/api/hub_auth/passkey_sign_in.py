"""Signing in by passkey alone."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from identity.api.hub_auth.two_factor import QUESTION, PasskeyOptionsSerializer, VerifiedSerializer, signed_in
from identity.services import limits, sign_in
from platform_core.api.strict import Nothing, StrictSerializer
from platform_core.api.surfaces import PublicHubSurface


class PasskeySignInSerializer(StrictSerializer):
    """What the browser answered to the options."""

    passkey = serializers.JSONField()


class PasskeySignInOptions(PublicHubSurface):
    """What a browser needs to ask for whichever passkey its person has here."""

    access = {"POST": "anyone"}
    failures = {"POST": [429]}
    unaudited = {"POST": QUESTION}

    @extend_schema(request=Nothing, responses={200: PasskeyOptionsSerializer})
    def post(self, request: Request) -> Response:
        limits.spend(request._request, "login")
        self.validated(Nothing)
        return Response({"publicKey": sign_in.passkey_options()})


class PasskeySignIn(PublicHubSurface):
    """Tokens for a passkey. It verifies its holder, so no second factor is asked for."""

    access = {"POST": "anyone"}
    failures = {"POST": [401, 429]}

    @extend_schema(request=PasskeySignInSerializer, responses={200: VerifiedSerializer})
    def post(self, request: Request) -> Response:
        limits.spend(request._request, "login")
        user = sign_in.person_of_passkey(self.validated(PasskeySignInSerializer)["passkey"])
        return signed_in(request, sign_in.by_passkey(user))
