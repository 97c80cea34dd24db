"""Signing up, in and out with an address and a password."""

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from identity.api import cookies
from identity.api.authentication import credential_of
from identity.api.sign_in import SIGNED_IN, TokensSerializer, answer
from identity.services import accounts, addresses, limits, sessions, tokens
from identity.services.sign_in import sign_in
from platform_core.api import csrf
from platform_core.api.strict import Nothing, StrictSerializer
from platform_core.api.surfaces import PersonSurface, PublicPlatformSurface

REGISTERED = "Check your mail: it tells you how to go on."


class RegisterSerializer(StrictSerializer):
    """What signing up takes."""

    email = serializers.EmailField(max_length=254)
    password = serializers.CharField(max_length=256, trim_whitespace=False, write_only=True)
    name = serializers.CharField(max_length=80)
    company_name = serializers.CharField(max_length=120, required=False, allow_blank=True)


class RegisteredSerializer(StrictSerializer):
    """The one answer to everybody who signs up."""

    message = serializers.CharField()


class LoginSerializer(StrictSerializer):
    """What signing in takes."""

    email = serializers.EmailField(max_length=254)
    password = serializers.CharField(max_length=256, trim_whitespace=False, write_only=True)


class VerifyEmailSerializer(StrictSerializer):
    """The key at the end of the mailed link, or the address and the code that was mailed to it."""

    token = serializers.CharField(max_length=200, required=False)
    email = serializers.EmailField(max_length=254, required=False)
    code = serializers.CharField(max_length=20, required=False)

    def validate(self, attrs: dict[str, str]) -> dict[str, str]:
        if set(attrs) not in ({"token"}, {"email", "code"}):
            raise serializers.ValidationError({"token": ["Send the token, or email and code."]})
        return attrs


class VerifiedEmailSerializer(StrictSerializer):
    """The address that is confirmed now."""

    email = serializers.EmailField()


class AuthRegister(PublicPlatformSurface):
    """Sign up. The answer is the same for known and unknown addresses; the mail tells the difference."""

    access = {"POST": "anyone"}
    failures = {"POST": [429]}

    @extend_schema(request=RegisterSerializer, responses={201: RegisteredSerializer})
    def post(self, request: Request) -> Response:
        limits.spend(request._request, "signup")
        given = self.validated(RegisterSerializer)
        accounts.register(given["email"], given["password"], given["name"], company=given.get("company_name", ""))
        return Response({"message": REGISTERED}, status=status.HTTP_201_CREATED)


class AuthVerifyEmail(PublicPlatformSurface):
    """Confirm an address with what was mailed to it: the key at the end of the link, or the code."""

    access = {"POST": "anyone"}
    failures = {"POST": [429]}

    @extend_schema(
        request=VerifyEmailSerializer,
        responses={200: VerifiedEmailSerializer},
        examples=[
            OpenApiExample("By code", {"email": "olivia@harbour-coffee.example", "code": "49203917"}, request_only=True)
        ],
    )
    def post(self, request: Request) -> Response:
        limits.spend(request._request, "login")
        given = self.validated(VerifyEmailSerializer)
        user = addresses.confirm_by_key(**given) if "token" in given else addresses.confirm_by_code(**given)
        return Response({"email": user.email})


class AuthLogin(PublicPlatformSurface):
    """Sign in by password. Every refusal is the same 401; too many of them are a 429."""

    access = {"POST": "anyone"}
    failures = {"POST": [401, 429]}

    @extend_schema(request=LoginSerializer, responses={200: SIGNED_IN})
    def post(self, request: Request) -> Response:
        given = self.validated(LoginSerializer)
        return answer(request, sign_in(request._request, given["email"], given["password"]))


class AuthRefresh(PublicPlatformSurface):
    """Spend the refresh cookie for the next pair of tokens; a token spent long before ends the sign-in."""

    access = {"POST": "anyone"}
    failures = {"POST": [401, 403]}

    @extend_schema(request=Nothing, responses={200: TokensSerializer})
    def post(self, request: Request) -> Response:
        csrf.refuse_other_origins(request)
        self.validated(Nothing)
        issued = tokens.refresh(cookies.refresh_token(request))
        response = Response(TokensSerializer(issued).data)
        cookies.keep(response, request, issued)
        return response

    def handle_exception(self, exc: Exception) -> Response:
        response: Response = super().handle_exception(exc)
        if response.status_code == status.HTTP_401_UNAUTHORIZED:
            cookies.drop(response)
        return response


class AuthLogout(PersonSurface):
    """End the sign-in that this request is made with."""

    access = {"POST": "person"}

    @extend_schema(request=Nothing, responses={204: None})
    def post(self, request: Request) -> Response:
        self.validated(Nothing)
        sessions.end(credential_of(request).session)
        return signed_out(request)


def signed_out(request: Request) -> Response:
    """Nothing of the sign-in stays with this browser."""
    sessions.leave(request._request)
    response = Response(status=status.HTTP_204_NO_CONTENT)
    cookies.drop(response)
    return response
