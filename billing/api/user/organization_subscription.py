"""What an organization is subscribed to."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from billing.api.account.subscription import SubscriptionStateSerializer, state_of
from orgs import roles
from orgs.api.surfaces import OrganizationSurface


class OrganizationSubscription(OrganizationSurface):
    access = {"GET": roles.BILLING_READ}

    @extend_schema(responses={200: SubscriptionStateSerializer})
    def get(self, request: Request, organization_id: str) -> Response:
        return Response(state_of(self.organization))
