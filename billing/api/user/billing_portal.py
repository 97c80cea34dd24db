"""The provider's own page for the organization's cards and invoices."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing.api.user.billing import WebAddress
from billing.services import portals
from orgs import roles
from orgs.api.surfaces import OrganizationSurface
from platform_core.api.strict import StrictSerializer


class PortalQuerySerializer(StrictSerializer):
    """Where the page leads back to: our own billing page, unless told otherwise."""

    return_url = WebAddress(required=False, default="")


class PortalSerializer(StrictSerializer):
    """Where to send the person: the same address under both of its names. It lives for minutes."""

    url = serializers.URLField()
    portal_url = serializers.URLField()


class PortalSurface(OrganizationSurface):
    """Opens the page for the organization of the request."""

    access = {"GET": roles.BILLING_MANAGE}
    failures = {"GET": [502]}

    def open(self) -> Response:
        given = self.validated(PortalQuerySerializer, query=True)
        url = portals.open_portal(self.organization, by=self.actor, return_url=given["return_url"])
        return Response(PortalSerializer({"url": url, "portal_url": url}).data)


class BillingPortal(PortalSurface):
    @extend_schema(parameters=[PortalQuerySerializer], responses={200: PortalSerializer})
    def get(self, request: Request) -> Response:
        return self.open()
