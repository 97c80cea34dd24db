"""Invitations to an organization."""

from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from orgs import roles
from orgs.api.surfaces import OrganizationSurface
from orgs.api.user.organization_members import MembershipSerializer
from orgs.models import Invitation
from orgs.services import invitations
from platform_core.api.strict import Nothing, StrictModelSerializer, StrictSerializer
from platform_core.api.surfaces import PersonSurface
from platform_core.errors import NotFound


class OrganizationInvitationSerializer(StrictModelSerializer[Invitation]):
    """An invitation as the organization sees it: never its link."""

    role = serializers.CharField(source="role_key", read_only=True)
    status = serializers.ChoiceField(source="state", choices=["pending", "expired"], read_only=True)
    invited_by = serializers.CharField(source="invited_by.name", read_only=True)

    class Meta:
        model = Invitation
        fields = ["id", "email", "role", "product_roles", "status", "invited_by", "sent_at", "expires_at"]
        read_only_fields = fields


class InvitationListSerializer(StrictSerializer):
    """People in CSV: a first line `email,role`, then a line for each. `role` may be left out."""

    csv = serializers.CharField(max_length=200_000, trim_whitespace=False)


class InvitedSerializer(StrictSerializer):
    """Everybody who was invited."""

    items = OrganizationInvitationSerializer(many=True)


class InvitationTokenSerializer(StrictSerializer):
    """The token at the end of the mailed link."""

    token = serializers.CharField(max_length=200)


class _Invitations(OrganizationSurface):
    def pending(self) -> QuerySet[Invitation]:
        ours = Invitation.objects.pending().filter(organization=self.organization)
        return ours.select_related("organization", "custom_role", "invited_by")

    def invitation(self, pk: UUID) -> Invitation:
        found = self.pending().filter(pk=pk).first()
        if found is None:
            raise NotFound("Not found.")
        return found


class OrganizationInvitationList(_Invitations, generics.ListAPIView[Invitation]):
    """Invitations that nobody has accepted yet, the newest first; a whole list is sent at once, or none of it."""

    access = {"GET": roles.MEMBER_INVITE, "POST": roles.MEMBER_INVITE}
    failures = {"POST": [402, 429]}
    serializer_class = OrganizationInvitationSerializer

    def get_queryset(self) -> QuerySet[Invitation]:
        return self.pending().order_by("-created_at")

    @extend_schema(request=InvitationListSerializer, responses={201: InvitedSerializer})
    def post(self, request: Request, organization_id: UUID) -> Response:
        made = invitations.add_many(self.organization, self.validated(InvitationListSerializer)["csv"], by=self.actor)
        return Response(InvitedSerializer({"items": made}).data, status=status.HTTP_201_CREATED)


class OrganizationInvitationDetail(_Invitations):
    """One invitation, to be taken back."""

    access = {"DELETE": roles.MEMBER_INVITE}

    @extend_schema(request=None, responses={204: None})
    def delete(self, request: Request, organization_id: UUID, pk: UUID) -> Response:
        invitations.revoke(self.invitation(pk), by=self.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)


class OrganizationInvitationResend(_Invitations):
    """Send an invitation again, under a new link."""

    access = {"POST": roles.MEMBER_INVITE}
    failures = {"POST": [402, 429]}

    @extend_schema(request=Nothing, responses={200: OrganizationInvitationSerializer})
    def post(self, request: Request, organization_id: UUID, pk: UUID) -> Response:
        invitation = self.invitation(pk)
        self.validated(Nothing)
        return Response(OrganizationInvitationSerializer(invitations.resend(invitation, by=self.actor)).data)


class InvitationAccept(PersonSurface):
    """Join an organization with the token that was mailed to the caller's own address."""

    access = {"POST": "person"}
    failures = {"POST": [402, 404, 409]}

    @extend_schema(request=InvitationTokenSerializer, responses={201: MembershipSerializer})
    def post(self, request: Request) -> Response:
        member = invitations.accept(self.validated(InvitationTokenSerializer)["token"], self.actor)
        return Response(MembershipSerializer(member).data, status=status.HTTP_201_CREATED)
