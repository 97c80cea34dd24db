"""Reports that are made by the clock."""

from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from orgs import roles
from orgs.api.surfaces import OrganizationSurface
from orgs.models import ReportSchedule
from orgs.models.reports import Format
from orgs.services import report_schedules
from platform_core.api.strict import StrictModelSerializer, StrictSerializer
from platform_core.errors import NotFound


class ReportScheduleSerializer(StrictModelSerializer[ReportSchedule]):
    """A report that is made of each week or month. `nextOn` is where the span in hand began."""

    recipients = serializers.PrimaryKeyRelatedField(many=True, read_only=True)  # type: ignore[var-annotated]

    class Meta:
        model = ReportSchedule
        fields = ["id", "kind", "format", "every", "recipients", "next_on", "created_at"]
        read_only_fields = fields


class ReportScheduleRequestSerializer(StrictSerializer):
    """What to make, how often, and the members who are told by mail."""

    kind = serializers.CharField(max_length=40)
    format = serializers.ChoiceField(choices=Format.choices, required=False)
    every = serializers.ChoiceField(choices=ReportSchedule.Every.choices)
    recipients = serializers.ListField(child=serializers.UUIDField(), min_length=1, max_length=50)


class OrganizationReportScheduleList(OrganizationSurface, generics.ListAPIView[ReportSchedule]):
    """Reports that are made by the clock."""

    access = {"GET": roles.ORGANIZATION_READ, "POST": roles.ORGANIZATION_UPDATE}
    failures = {"POST": [409]}
    serializer_class = ReportScheduleSerializer

    def get_queryset(self) -> QuerySet[ReportSchedule]:
        ours = ReportSchedule.objects.filter(organization=self.organization)
        return ours.prefetch_related("recipients").order_by("created_at")

    @extend_schema(request=ReportScheduleRequestSerializer, responses={201: ReportScheduleSerializer})
    def post(self, request: Request, organization_id: str) -> Response:
        """Have a report made of each week or month."""
        wanted = report_schedules.Wanted(**self.validated(ReportScheduleRequestSerializer))
        held = self.membership.permissions
        made = report_schedules.add(self.organization, wanted, by=self.actor, permissions=held)
        return Response(ReportScheduleSerializer(made).data, status=status.HTTP_201_CREATED)


class OrganizationReportScheduleDetail(OrganizationSurface):
    access = {"DELETE": roles.ORGANIZATION_UPDATE}

    @extend_schema(responses={204: None})
    def delete(self, request: Request, organization_id: str, pk: UUID) -> Response:
        """Make no more of them; those that were made stay."""
        found = ReportSchedule.objects.filter(organization=self.organization, pk=pk).first()
        if found is None:
            raise NotFound("There is no such schedule.")
        report_schedules.remove(found, by=self.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)
