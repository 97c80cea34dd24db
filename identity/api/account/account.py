"""The person's own account: who they are, how they sign in, and its end."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from identity.api import cookies
from identity.api.authentication import credential_of
from identity.api.user.users import UserSerializer
from identity.services import erasure, limits, passwords, profile
from platform_core.api.strict import StrictSerializer
from platform_core.api.surfaces import PersonSurface


class AccountProfileSerializer(StrictSerializer):
    """What a person says of themselves; all of it is replaced."""

    first_name = serializers.CharField(max_length=80, allow_blank=True)
    last_name = serializers.CharField(max_length=80, allow_blank=True)


class PasswordChangeSerializer(StrictSerializer):
    """The password of today and the one from now on."""

    current_password = serializers.CharField(max_length=256, trim_whitespace=False, write_only=True)
    new_password = serializers.CharField(max_length=256, trim_whitespace=False, write_only=True)


class Account(PersonSurface):
    """Delete the account for good. Refused, naming them, while organizations would be left without an owner."""

    access = {"DELETE": "person"}
    failures = {"DELETE": [409]}
    step_up = {"DELETE": "account.delete"}

    @extend_schema(request=None, responses={204: None})
    def delete(self, request: Request) -> Response:
        erasure.erase(self.actor, by=self.actor)
        response = Response(status=status.HTTP_204_NO_CONTENT)
        cookies.drop(response)
        return response


class AccountProfile(PersonSurface):
    """The person's own profile, of which they may change the name."""

    access = {"GET": "person", "PUT": "person"}

    @extend_schema(responses={200: UserSerializer})
    def get(self, request: Request) -> Response:
        return Response(UserSerializer(self.actor).data)

    @extend_schema(request=AccountProfileSerializer, responses={200: UserSerializer})
    def put(self, request: Request) -> Response:
        profile.rename(self.actor, **self.validated(AccountProfileSerializer), by=self.actor)
        return Response(UserSerializer(self.actor).data)


class AccountPassword(PersonSurface):
    """Change the password, knowing it. Every other sign-in ends."""

    access = {"PUT": "person"}

    @extend_schema(request=PasswordChangeSerializer, responses={204: None})
    def put(self, request: Request) -> Response:
        given = self.validated(PasswordChangeSerializer)
        limits.spend(request._request, "change_password")
        keep = credential_of(request).session
        passwords.change(self.actor, given["current_password"], given["new_password"], keep=keep)
        return Response(status=status.HTTP_204_NO_CONTENT)
