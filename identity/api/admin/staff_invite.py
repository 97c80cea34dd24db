"""Inviting people to be staff."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from identity import staff_roles
from identity.api.admin.staff_invitations import StaffInvitationSerializer
from identity.services import invitations
from platform_core.api.strict import StrictSerializer
from platform_core.api.surfaces import AdminSurface


class InviteSerializer(StrictSerializer):
    """Whom to invite, and to which role."""

    email = serializers.EmailField(max_length=254)
    role = serializers.ChoiceField(choices=staff_roles.ROLES)


class StaffInvite(AdminSurface):
    """Invite an address to be staff."""

    access = {"POST": "identity.manage_staff"}
    failures = {"POST": [409]}
    step_up = "staff.change_role"

    @extend_schema(request=InviteSerializer, responses={201: StaffInvitationSerializer})
    def post(self, request: Request) -> Response:
        given = self.validated(InviteSerializer)
        invitation = invitations.invite(given["email"], given["role"], by=self.actor)
        return Response(StaffInvitationSerializer(invitation).data, status=status.HTTP_201_CREATED)
