"""The kinds of reports that there are for an organization."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from orgs import roles
from orgs.api.surfaces import OrganizationSurface
from orgs.services import reports as making
from platform_core.api.pagination import WholePage
from platform_core.api.strict import StrictSerializer


class ReportKindSerializer(StrictSerializer):
    """A kind of report that the caller may read."""

    code = serializers.CharField()
    title = serializers.CharField()
    description = serializers.CharField()
    is_dated = serializers.BooleanField()


class OrganizationReportKindList(OrganizationSurface):
    access = {"GET": roles.ORGANIZATION_READ}
    pagination_class = WholePage

    @extend_schema(responses={200: ReportKindSerializer(many=True)})
    def get(self, request: Request, organization_id: str) -> Response:
        """What the caller may ask for."""
        return self.page(making.readable(self.membership.permissions), ReportKindSerializer)
