"""For how long an organization's audit log is kept, and how far it is sealed."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from orgs import roles
from orgs.api.surfaces import OrganizationSurface
from platform_core.api.strict import StrictModelSerializer, StrictSerializer
from platform_core.models import AuditChain
from platform_core.services import audit_retention, audit_sealing


class AuditSettingsSerializer(StrictModelSerializer[AuditChain]):
    """The chain's state. `problem` tells the first thing that did not fit when it was verified last."""

    class Meta:
        model = AuditChain
        fields = [
            "retention_days",
            "legal_hold",
            "sequence",
            "hash",
            "sealed_at",
            "floor_sequence",
            "verified_at",
            "verified_sequence",
            "problem",
        ]
        read_only_fields = fields


class AuditSettingsUpdateSerializer(StrictSerializer):
    retention_days = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=audit_retention.SHORTEST_DAYS,
        max_value=audit_retention.LONGEST_DAYS,
        help_text="null: for good.",
    )
    legal_hold = serializers.BooleanField(required=False, help_text="Nothing is removed while it is on.")


class OrganizationAuditSettings(OrganizationSurface):
    access = {"GET": roles.AUDIT_READ, "PATCH": roles.AUDIT_MANAGE}
    unaudited = {"PATCH": "What is set is audited; that there is now a row to set it in is not."}

    @extend_schema(responses={200: AuditSettingsSerializer})
    def get(self, request: Request, organization_id: str) -> Response:
        chain = audit_sealing.chain_of(self.organization.pk)
        return Response(AuditSettingsSerializer(chain).data)

    @extend_schema(request=AuditSettingsUpdateSerializer, responses={200: AuditSettingsSerializer})
    def patch(self, request: Request, organization_id: str) -> Response:
        given = self.validated(AuditSettingsUpdateSerializer)
        chain = audit_retention.change_policy(self.organization.pk, given, by=self.actor)
        return Response(AuditSettingsSerializer(chain).data)
