"""The provider's own page, for the organization in the address."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from billing.api.user.billing_portal import PortalQuerySerializer, PortalSerializer, PortalSurface


class OrganizationPortal(PortalSurface):
    @extend_schema(parameters=[PortalQuerySerializer], responses={200: PortalSerializer})
    def get(self, request: Request, organization_id: str) -> Response:
        return self.open()
