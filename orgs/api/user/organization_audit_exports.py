"""Exports of an organization's audit log."""

from uuid import UUID

from django.conf import settings
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from orgs import roles
from orgs.api.surfaces import OrganizationSurface
from orgs.api.user.organization_audit_logs import AuditFilterSerializer
from platform_core.api.strict import StrictModelSerializer, StrictSerializer
from platform_core.models import AuditExport
from platform_core.services import audit_exports


class AuditExportSerializer(StrictModelSerializer[AuditExport]):
    """A file of events, and how far it is."""

    percent = serializers.IntegerField(read_only=True)
    filters = serializers.DictField(child=serializers.CharField(), read_only=True)

    class Meta:
        model = AuditExport
        fields = [
            "id",
            "format",
            "filters",
            "status",
            "percent",
            "done_count",
            "total_count",
            "created_at",
            "expires_at",
        ]
        read_only_fields = fields


class AuditExportCreateSerializer(AuditFilterSerializer):
    """The filters of the list, and the format."""

    format = serializers.ChoiceField(choices=AuditExport.Format.choices)


class AuditExportLinkSerializer(StrictSerializer):
    """A link that needs no credential, for the person who asked."""

    url = serializers.URLField()
    expires_at = serializers.DateTimeField()


class OrganizationAuditExportList(OrganizationSurface):
    """What was exported, the newest first."""

    access = {"GET": roles.AUDIT_READ, "POST": roles.AUDIT_READ}
    failures = {"POST": (409,)}

    @extend_schema(responses={200: AuditExportSerializer(many=True)})
    def get(self, request: Request, organization_id: str) -> Response:
        ours = AuditExport.objects.filter(organization_id=self.organization.pk).order_by("-created_at")
        return self.page(ours, AuditExportSerializer)

    @extend_schema(request=AuditExportCreateSerializer, responses={202: AuditExportSerializer})
    def post(self, request: Request, organization_id: str) -> Response:
        asked = dict(self.validated(AuditExportCreateSerializer))
        file_format = asked.pop("format")
        export = audit_exports.request_export(self.organization.pk, file_format, asked, by=self.actor)
        return Response(AuditExportSerializer(export).data, status=status.HTTP_202_ACCEPTED)


class OrganizationAuditExportDetail(OrganizationSurface):
    access = {"GET": roles.AUDIT_READ}

    @extend_schema(responses={200: AuditExportSerializer})
    def get(self, request: Request, organization_id: str, pk: UUID) -> Response:
        return Response(AuditExportSerializer(audit_exports.own(self.organization.pk, pk)).data)


class OrganizationAuditExportDownload(OrganizationSurface):
    """A signed address of the file, good for five minutes."""

    access = {"GET": roles.AUDIT_READ}
    failures = {"GET": (409, 410)}

    @extend_schema(responses={200: AuditExportLinkSerializer})
    def get(self, request: Request, organization_id: str, pk: UUID) -> Response:
        token, until = audit_exports.link(audit_exports.own(self.organization.pk, pk), by=self.actor)
        url = settings.BASE_URL + reverse("portal:audit-export-file", args=[token])
        return Response(AuditExportLinkSerializer({"url": url, "expires_at": until}).data)
