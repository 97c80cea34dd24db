"""Reports of an organization: asked for, listed, fetched."""

from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from orgs import roles
from orgs.api.surfaces import OrganizationSurface
from orgs.models import Report
from orgs.models.reports import Format
from orgs.services import reports as making
from platform_core.api.strict import StrictModelSerializer, StrictSerializer


class ReportSerializer(StrictModelSerializer[Report]):
    """A report and how far it is; `progress` is in per cent. Days are in UTC."""

    class Meta:
        model = Report
        fields = [
            "id",
            "kind",
            "format",
            "starts_on",
            "ends_on",
            "status",
            "progress",
            "size",
            "created_at",
            "ready_at",
            "expires_at",
        ]
        read_only_fields = fields


class ReportRequestSerializer(StrictSerializer):
    """What to make. Without days: the thirty until yesterday."""

    kind = serializers.CharField(max_length=40)
    format = serializers.ChoiceField(choices=Format.choices, required=False)
    starts_on = serializers.DateField(required=False)
    ends_on = serializers.DateField(required=False)


class ReportLinkSerializer(StrictSerializer):
    """An address that needs no credential, for the person who asked."""

    url = serializers.URLField()
    expires_at = serializers.DateTimeField()


class OrganizationReportList(OrganizationSurface, generics.ListAPIView[Report]):
    """The reports that the caller's role may read, the newest first."""

    access = {"GET": roles.ORGANIZATION_READ}
    serializer_class = ReportSerializer

    def get_queryset(self) -> QuerySet[Report]:
        codes = [kind.code for kind in making.readable(self.membership.permissions)]
        return Report.objects.filter(organization=self.organization, kind__in=codes).order_by("-created_at")


class OrganizationReportGenerate(OrganizationSurface):
    access = {"POST": roles.ORGANIZATION_READ}
    failures = {"POST": [409]}

    @extend_schema(request=ReportRequestSerializer, responses={202: ReportSerializer})
    def post(self, request: Request, organization_id: str) -> Response:
        """Begin to make a report."""
        wanted = making.Wanted(**self.validated(ReportRequestSerializer))
        report = making.request(self.organization, wanted, by=self.actor, permissions=self.membership.permissions)
        return Response(ReportSerializer(report).data, status=status.HTTP_202_ACCEPTED)


class OrganizationReportDetail(OrganizationSurface):
    access = {"GET": roles.ORGANIZATION_READ}

    @extend_schema(responses={200: ReportSerializer})
    def get(self, request: Request, organization_id: str, pk: UUID) -> Response:
        return Response(ReportSerializer(making.own(self.organization, pk, self.membership.permissions)).data)


class OrganizationReportDownload(OrganizationSurface):
    access = {"GET": roles.ORGANIZATION_READ}
    failures = {"GET": [409, 410]}

    @extend_schema(responses={200: ReportLinkSerializer})
    def get(self, request: Request, organization_id: str, pk: UUID) -> Response:
        """A signed address of the file, good for five minutes."""
        report = making.own(self.organization, pk, self.membership.permissions)
        url, until = making.link(report, by=self.actor)
        return Response(ReportLinkSerializer({"url": url, "expires_at": until}).data)
