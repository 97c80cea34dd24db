"""What products tell of the status pages and checks that organizations have in them."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from orgs.models import Product, ProductResource
from orgs.services import resources
from platform_core.api import access
from platform_core.api.strict import StrictSerializer
from platform_core.api.surfaces import InternalSurface
from platform_core.errors import NotFound

MOST_AT_ONCE = 200
LARGEST_VERSION = 2**63 - 1


class ResourceReportSerializer(StrictSerializer):
    """One resource as it is now. `version` grows with each change: an older report that comes late changes nothing."""

    organization_id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=ProductResource.Kind.choices)
    external_id = serializers.CharField(max_length=100)
    version = serializers.IntegerField(min_value=0, max_value=LARGEST_VERSION)
    name = serializers.CharField(max_length=200)
    url = serializers.URLField(max_length=500, required=False, allow_blank=True)
    state = serializers.CharField(max_length=40, required=False, allow_blank=True)
    deleted = serializers.BooleanField(required=False)


class ResourceReportsSerializer(StrictSerializer):
    """Resources that changed; a product may tell of all of them as often as it likes."""

    resources = serializers.ListField(child=ResourceReportSerializer(), min_length=1, max_length=MOST_AT_ONCE)


class ResourceOutcomeSerializer(StrictSerializer):
    """What became of one report."""

    kind = serializers.ChoiceField(choices=ProductResource.Kind.choices)
    external_id = serializers.CharField()
    outcome = serializers.ChoiceField(choices=[(each.value, each.value) for each in resources.Outcome])


class ResourceOutcomesSerializer(StrictSerializer):
    """What became of each report, in their order."""

    results = ResourceOutcomeSerializer(many=True)


class ProductResourceReports(InternalSurface):
    access = {"POST": access.INTERNAL}
    unaudited = {"POST": "A copy of the product's own rows: who changed those is for the product to keep."}

    @extend_schema(request=ResourceReportsSerializer, responses={200: ResourceOutcomesSerializer})
    def post(self, request: Request, product: str) -> Response:
        """Tell of resources; each is kept or refused by itself."""
        given = self.validated(ResourceReportsSerializer)["resources"]
        known = Product.objects.filter(code=product).first()
        if known is None:
            raise NotFound("Not found.")
        reports = [resources.Report(**each) for each in given]
        results = [
            {"kind": each.kind, "external_id": each.external_id, "outcome": outcome}
            for each, outcome in zip(reports, resources.report(known, reports), strict=True)
        ]
        return Response(ResourceOutcomesSerializer({"results": results}).data)
