"""Signing in by a mailed code."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from identity.api.sign_in import SIGNED_IN, answer
from identity.services import code_sign_in
from identity.services.sign_in import by_tokens
from platform_core.api.strict import StrictSerializer
from platform_core.api.surfaces import PublicPlatformSurface

SENT = "If this address belongs to an account, a code is on its way to it."


class CodeRequestSerializer(StrictSerializer):
    """Where the code goes."""

    email = serializers.EmailField(max_length=254)


class CodeSentSerializer(StrictSerializer):
    """The one answer to everybody who asks for a code."""

    message = serializers.CharField()


class MailedCodeSerializer(StrictSerializer):
    """The address and the code that was mailed to it."""

    email = serializers.EmailField(max_length=254)
    code = serializers.CharField(max_length=20)


class AuthCode(PublicPlatformSurface):
    """Ask for a code by mail. The answer is the same for known and unknown addresses."""

    access = {"POST": "anyone"}
    failures = {"POST": [429]}

    @extend_schema(request=CodeRequestSerializer, responses={202: CodeSentSerializer})
    def post(self, request: Request) -> Response:
        code_sign_in.send(request._request, self.validated(CodeRequestSerializer)["email"])
        return Response({"message": SENT}, status=status.HTTP_202_ACCEPTED)


class AuthCodeVerify(PublicPlatformSurface):
    """Sign in with the code. It works once, for a quarter of an hour, and dies at the fifth wrong try."""

    access = {"POST": "anyone"}
    failures = {"POST": [401, 429]}

    @extend_schema(request=MailedCodeSerializer, responses={200: SIGNED_IN})
    def post(self, request: Request) -> Response:
        user = code_sign_in.person_of(request._request, **self.validated(MailedCodeSerializer))
        return answer(request, by_tokens(user, methods=["mail"]))
