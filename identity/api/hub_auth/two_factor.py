"""Two-factor authentication: what a person has, setting it up, proving it, turning it off."""

from typing import Any

from django.middleware.csrf import rotate_token
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from identity.api import cookies
from identity.api.authentication import credential_of
from identity.api.user.users import UserSerializer
from identity.models import PendingSignIn
from identity.models.sessions import ENROL
from identity.services import limits, pending_sign_in, recovery_codes, sign_in, two_factor
from identity.services.tokens import IssuedTokens
from platform_core.api.strict import Nothing, StrictSerializer
from platform_core.api.surfaces import SessionSurface
from platform_core.errors import NotAuthenticated, StepUpRequired

QUESTION = "A question that nobody has answered yet."


class StatusSerializer(StrictSerializer):
    """What protects the account."""

    enabled = serializers.BooleanField(help_text="Whether a password alone no longer lets anybody in.")
    totp = serializers.BooleanField()
    passkeys = serializers.IntegerField()
    backup_codes_left = serializers.IntegerField()
    mandatory = serializers.BooleanField(source="required", help_text="Whether the person may not turn it off.")


class SetUpSerializer(StrictSerializer):
    """What an authenticator app is fed."""

    secret = serializers.CharField(help_text="Base32, to be typed where nothing can be scanned.")
    otpauth_url = serializers.CharField()
    qr_code = serializers.CharField(help_text="The same address as an SVG element.")


class VerifySerializer(StrictSerializer):
    """A code or a passkey's answer; with `token`, for the sign-in that waits for it."""

    token = serializers.CharField(required=False, max_length=100, write_only=True)
    code = serializers.CharField(required=False, max_length=20)
    passkey = serializers.JSONField(required=False)


class VerifiedSerializer(StrictSerializer):
    """What the proof brought: the sign-in in the form in which it began, or recovery codes, shown this once."""

    verified = serializers.BooleanField()
    access_token = serializers.CharField(required=False)
    token_type = serializers.CharField(required=False)
    expires_in = serializers.IntegerField(required=False, help_text="Seconds.")
    user = UserSerializer(required=False)
    backup_codes = serializers.ListField(child=serializers.CharField(), required=False)


class PendingSerializer(StrictSerializer):
    """The sign-in that waits."""

    token = serializers.CharField(max_length=100, write_only=True)


class CodeSerializer(StrictSerializer):
    """A code of the app or a recovery code. Without one, the caller must have stepped up."""

    code = serializers.CharField(required=False, max_length=20)


class BackupCodesLeftSerializer(StrictSerializer):
    """How many recovery codes still work."""

    left = serializers.IntegerField()


class BackupCodesSerializer(StrictSerializer):
    """New recovery codes, shown this once."""

    backup_codes = serializers.ListField(child=serializers.CharField())


class PasskeyOptionsSerializer(StrictSerializer):
    """What `navigator.credentials` takes as `publicKey`, binary values as base64url."""

    public_key = serializers.JSONField()


class TwoFactorStatus(SessionSurface):
    """What protects the account of the caller."""

    access = {"GET": "session"}

    @extend_schema(responses={200: StatusSerializer})
    def get(self, request: Request) -> Response:
        return Response(StatusSerializer(two_factor.status(self.actor)).data)


class TwoFactorSetup(SessionSurface):
    """Begin with an authenticator app. Nothing changes before its first code is verified."""

    access = {"POST": "session"}
    repeatable = "a secret that is asked for again is another, and only the last counts"
    step_up = ENROL
    unaudited = {"POST": "A secret counts for nothing before its first code."}

    @extend_schema(request=Nothing, responses={200: SetUpSerializer})
    def post(self, request: Request) -> Response:
        self.validated(Nothing)
        return Response(SetUpSerializer(two_factor.set_up(self.actor)).data)


class TwoFactorVerify(SessionSurface):
    """With a token: complete a sign-in. Without: turn on the app that is being set up, or show that it works."""

    access = {"POST": "anyone"}
    failures = {"POST": [401, 403, 409, 429]}
    unaudited = {"POST": "That a code was right, and is used up, changes nothing else; what it turns on is audited."}

    @extend_schema(
        request=VerifySerializer,
        responses={200: VerifiedSerializer},
        examples=[OpenApiExample("Complete a sign-in", {"token": "pend_…", "code": "123456"}, request_only=True)],
    )
    def post(self, request: Request) -> Response:
        given = self.validated(VerifySerializer)
        if "token" in given:
            return self._completed(
                request, pending_sign_in.of_token(given["token"], answer=given.get("passkey")), given
            )
        if request.successful_authenticator is None:
            raise NotAuthenticated("Sign in, or send the token of a pending sign-in.")
        codes = two_factor.verify(self.actor, _code(given), session=credential_of(request).session)
        return Response({"verified": True, **({"backupCodes": codes} if codes else {})})

    def _completed(self, request: Request, pending: PendingSignIn, given: dict[str, Any]) -> Response:
        if "passkey" in given:
            method = pending_sign_in.prove_by_passkey(pending, given["passkey"])
            return signed_in(request, sign_in.complete(request._request, pending, method))
        return signed_in(request, sign_in.complete_by_code(request._request, pending, _code(given)))


class TwoFactorOptions(SessionSurface):
    """What a browser needs to prove a pending sign-in by passkey."""

    access = {"POST": "anyone"}
    failures = {"POST": [401, 403, 429]}
    unaudited = {"POST": QUESTION}

    @extend_schema(request=PendingSerializer, responses={200: PasskeyOptionsSerializer})
    def post(self, request: Request) -> Response:
        limits.spend(request._request, "login")
        pending = pending_sign_in.of_token(self.validated(PendingSerializer)["token"])
        return Response({"publicKey": pending_sign_in.passkey_options(pending)})


class TwoFactorDisable(SessionSurface):
    """Turn it off: app, passkeys and recovery codes are forgotten, other sessions end."""

    access = {"POST": "session"}
    failures = {"POST": [409]}

    @extend_schema(request=CodeSerializer, responses={200: StatusSerializer})
    def post(self, request: Request) -> Response:
        given, credential = self.validated(CodeSerializer), credential_of(request)
        if "code" in given:
            left = two_factor.disable_by_code(self.actor, given["code"], session=credential.session)
        elif credential.has_stepped_up("two_factor.disable"):
            left = two_factor.disable(self.actor, session=credential.session)
        else:
            raise StepUpRequired("two_factor.disable")
        return Response(StatusSerializer(left).data)


class TwoFactorBackupCodes(SessionSurface):
    """How many recovery codes are left; new ones, shown once, for whoever stepped up."""

    access = {"GET": "session", "POST": "session"}
    failures = {"POST": [409]}
    step_up = {"POST": "backup_codes.generate"}

    @extend_schema(responses={200: BackupCodesLeftSerializer})
    def get(self, request: Request) -> Response:
        return Response({"left": recovery_codes.left(self.actor)})

    @extend_schema(request=Nothing, responses={200: BackupCodesSerializer})
    def post(self, request: Request) -> Response:
        self.validated(Nothing)
        return Response({"backupCodes": two_factor.new_recovery_codes(self.actor)})


def signed_in(request: Request, begun: object) -> Response:
    """The answer to a completed sign-in: tokens in the body and in cookies, or a session that the browser carries."""
    # A token that was planted before signing in must not be the proof afterwards.
    rotate_token(request._request)
    if not isinstance(begun, IssuedTokens):
        return Response({"verified": True, "user": UserSerializer(begun.user).data})  # type: ignore[attr-defined]
    session = begun.session
    body = {"verified": True, "user": UserSerializer(session.user).data, "accessToken": begun.access_token}
    response = Response({**body, "tokenType": begun.token_type, "expiresIn": begun.expires_in})
    cookies.keep(response, request, begun)
    return response


def _code(given: dict[str, Any]) -> str:
    if "code" not in given:
        raise serializers.ValidationError({"code": ["This field is required."]})
    return str(given["code"])
