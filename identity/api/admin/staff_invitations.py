"""Invitations to be staff."""

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from identity.models import StaffInvitation
from identity.services import invitations
from platform_core.api.strict import Nothing, StrictModelSerializer
from platform_core.api.surfaces import AdminSurface


class StaffInvitationSerializer(StrictModelSerializer[StaffInvitation]):
    """An invitation; its link is in the mail only."""

    invited_by = serializers.EmailField(source="invited_by.email", read_only=True)
    status = serializers.ChoiceField(source="state", choices=["pending", "expired"], read_only=True)

    class Meta:
        model = StaffInvitation
        fields = ["id", "email", "role", "status", "invited_by", "sent_at", "expires_at", "created_at"]
        read_only_fields = fields


def _pending() -> QuerySet[StaffInvitation]:
    return StaffInvitation.objects.pending().select_related("invited_by").order_by("-created_at")


class StaffInvitationList(AdminSurface, generics.ListAPIView[StaffInvitation]):
    """Those that nobody has accepted yet, the expired too: they can be sent again."""

    access = {"GET": "identity.manage_staff"}
    serializer_class = StaffInvitationSerializer

    def get_queryset(self) -> QuerySet[StaffInvitation]:
        return _pending()


class StaffInvitationDetail(AdminSurface, generics.GenericAPIView[StaffInvitation]):
    """One invitation."""

    access = {"DELETE": "identity.manage_staff"}
    failures = {"DELETE": [409]}
    step_up = "staff.change_role"
    serializer_class = StaffInvitationSerializer

    def get_queryset(self) -> QuerySet[StaffInvitation]:
        return _pending()

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: str) -> Response:
        """Take it back: its link is worth nothing from now on."""
        invitations.revoke(self.get_object(), by=self.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)


class StaffInvitationResend(AdminSurface, generics.GenericAPIView[StaffInvitation]):
    """Send an invitation again, under a new link."""

    access = {"POST": "identity.manage_staff"}
    failures = {"POST": [409]}
    step_up = "staff.change_role"
    serializer_class = StaffInvitationSerializer

    def get_queryset(self) -> QuerySet[StaffInvitation]:
        return _pending()

    @extend_schema(request=Nothing, responses={200: StaffInvitationSerializer})
    def post(self, request: Request, pk: str) -> Response:
        self.validated(Nothing)
        invitation = invitations.resend(self.get_object(), by=self.actor)
        return Response(StaffInvitationSerializer(invitation).data)
