"""Becoming staff by invitation."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from identity import staff_roles
from identity.services import invitations, limits
from platform_core.api.strict import StrictSerializer
from platform_core.api.surfaces import PublicHubSurface


class AcceptInviteSerializer(StrictSerializer):
    """The token of the link and a password: a new one, or that of the account the address has. `name`: if new."""

    token = serializers.CharField(max_length=200)
    password = serializers.CharField(max_length=256, trim_whitespace=False, write_only=True)
    name = serializers.CharField(max_length=80, required=False, allow_blank=True)


class AcceptedSerializer(StrictSerializer):
    """The new member of staff. They sign in next, and set up a second factor."""

    id = serializers.UUIDField()
    email = serializers.EmailField()
    name = serializers.CharField()
    role = serializers.SerializerMethodField()

    def get_role(self, member: object) -> str:
        return staff_roles.role_of(member)  # type: ignore[arg-type]


class AcceptInvite(PublicHubSurface):
    """Accept an invitation, once."""

    access = {"POST": "anyone"}
    failures = {"POST": [404, 409, 429]}

    @extend_schema(request=AcceptInviteSerializer, responses={201: AcceptedSerializer})
    def post(self, request: Request) -> Response:
        limits.spend(request._request, "login")
        member = invitations.accept(**self.validated(AcceptInviteSerializer))
        return Response(AcceptedSerializer(member).data, status=status.HTTP_201_CREATED)
