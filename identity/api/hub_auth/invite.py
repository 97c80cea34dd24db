"""What an invitation to be staff says."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from identity.models import StaffInvitation
from identity.services import invitations, limits
from platform_core.api.strict import StrictSerializer
from platform_core.api.surfaces import PublicHubSurface


class InvitationSerializer(StrictSerializer):
    """Who is invited, to what, by whom and until when. `hasAccount`: accept with that account's password."""

    email = serializers.EmailField()
    role = serializers.CharField()
    invited_by = serializers.CharField(source="invited_by.name")
    expires_at = serializers.DateTimeField()
    has_account = serializers.SerializerMethodField()

    def get_has_account(self, invitation: StaffInvitation) -> bool:
        return invitations.has_account(invitation)


class Invite(PublicHubSurface):
    """Look up an invitation by the token of its link. Used, expired, revoked and unknown are the same 404."""

    access = {"GET": "anyone"}
    failures = {"GET": [429]}

    @extend_schema(responses={200: InvitationSerializer})
    def get(self, request: Request, token: str) -> Response:
        # Guesses are counted before anything is looked up.
        limits.spend(request._request, "login")
        return Response(InvitationSerializer(invitations.of_token(token)).data)
