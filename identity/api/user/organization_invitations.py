"""Joining an organization as somebody new."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from identity.services import joining, limits
from platform_core.api.strict import StrictSerializer
from platform_core.api.surfaces import PublicPlatformSurface


class InvitationSignUpSerializer(StrictSerializer):
    """The token of the mailed link, and who comes."""

    token = serializers.CharField(max_length=200)
    name = serializers.CharField(max_length=80)
    password = serializers.CharField(max_length=256, trim_whitespace=False, write_only=True)


class SignedUpSerializer(StrictSerializer):
    """The new person. They sign in next."""

    id = serializers.UUIDField()
    email = serializers.EmailField()
    name = serializers.CharField()


class InvitationSignUp(PublicPlatformSurface):
    """Open an account by an invitation, which proves its address. Whoever has one signs in and accepts."""

    access = {"POST": "anyone"}
    failures = {"POST": [402, 404, 409, 429]}

    @extend_schema(request=InvitationSignUpSerializer, responses={201: SignedUpSerializer})
    def post(self, request: Request) -> Response:
        limits.spend(request._request, "login")
        person = joining.sign_up(**self.validated(InvitationSignUpSerializer))
        return Response(SignedUpSerializer(person).data, status=status.HTTP_201_CREATED)
