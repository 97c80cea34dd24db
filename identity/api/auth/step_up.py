"""Proving once more who one is, before something dangerous."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from identity.api.authentication import Credential, credential_of
from identity.api.hub_auth.two_factor import QUESTION, PasskeyOptionsSerializer
from identity.models import StepUp as Granted
from identity.services import sessions, step_up
from platform_core.api.strict import Nothing, StrictSerializer
from platform_core.api.surfaces import PersonSurface

ONE = "Send one of code, passkey and password."


class StepUpSerializer(StrictSerializer):
    """What for, and one proof. The password is enough only for a person who has no second factor."""

    purpose = serializers.ChoiceField(choices=sorted(step_up.PURPOSES))
    code = serializers.CharField(required=False, max_length=20)
    passkey = serializers.JSONField(required=False)
    password = serializers.CharField(required=False, max_length=256, trim_whitespace=False, write_only=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if len(attrs) != 2:  # noqa: PLR2004 - the purpose and one proof
            raise serializers.ValidationError({"code": [ONE]})
        return attrs


class GrantedSerializer(StrictSerializer):
    """For what the caller has proved themselves, and until when."""

    purpose = serializers.CharField()
    until = serializers.DateTimeField(source="expires_at")


class StepUp(PersonSurface):
    """Answered with STEP_UP_REQUIRED, send the purpose it names here with a proof, and then the request again."""

    access = {"POST": "person"}

    @extend_schema(
        request=StepUpSerializer,
        responses={200: GrantedSerializer},
        examples=[OpenApiExample("By code", {"purpose": "account.delete", "code": "123456"}, request_only=True)],
    )
    def post(self, request: Request) -> Response:
        granted = self._granted(credential_of(request), self.validated(StepUpSerializer))
        # Whoever knew the key of the browser's session before does not have what was just proved.
        sessions.renew(request._request)
        return Response(GrantedSerializer(granted).data)

    def _granted(self, credential: Credential, given: dict[str, Any]) -> Granted:
        session, purpose = credential.session, given["purpose"]
        if "passkey" in given:
            return step_up.by_passkey(session, purpose, given["passkey"])
        if "password" in given:
            return step_up.by_password(session, purpose, given["password"])
        return step_up.by_code(session, purpose, given["code"])


class StepUpOptions(PersonSurface):
    """What a browser needs to step up by passkey."""

    access = {"POST": "person"}
    unaudited = {"POST": QUESTION}

    @extend_schema(request=Nothing, responses={200: PasskeyOptionsSerializer})
    def post(self, request: Request) -> Response:
        self.validated(Nothing)
        return Response({"publicKey": step_up.options(credential_of(request).session)})
