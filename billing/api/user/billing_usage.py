"""What happened in an organization today."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from orgs import roles
from orgs.api.surfaces import OrganizationSurface
from platform_core.api.strict import Nothing, StrictModelSerializer
from platform_core.models import DailyCount
from platform_core.services import daily_counts


class UsageTodaySerializer(StrictModelSerializer[DailyCount]):
    """The present day of UTC so far. Tokens and calls of the last seconds may still be on their way."""

    organization_id = serializers.UUIDField(read_only=True)
    date = serializers.DateField(source="counted_on", read_only=True)
    tokens_issued = serializers.IntegerField(read_only=True, help_text="Access tokens that name the organization.")
    agents_registered = serializers.IntegerField(read_only=True)
    credentials_generated = serializers.IntegerField(read_only=True, help_text="Keys that machines call with.")
    api_calls_total = serializers.IntegerField(
        read_only=True, help_text="Calls by people and machines of the organization, answered or refused."
    )

    class Meta:
        model = DailyCount
        fields = [
            "organization_id",
            "date",
            "tokens_issued",
            "agents_registered",
            "credentials_generated",
            "api_calls_total",
        ]
        read_only_fields = fields


class BillingUsage(OrganizationSurface):
    """Counters of the organization in use. They begin anew at midnight UTC."""

    access = {"GET": roles.USAGE_READ}
    failures = {"GET": [400]}

    @extend_schema(responses={200: UsageTodaySerializer})
    def get(self, request: Request) -> Response:
        self.validated(Nothing, query=True)
        return Response(UsageTodaySerializer(daily_counts.today(self.organization.pk)).data)
