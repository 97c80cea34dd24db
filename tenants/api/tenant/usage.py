"""A server reports what its agents used."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing.services.usage import MAX_COUNT, MAX_TOKENS, Bucket
from platform_core import clock
from platform_core.api.strict import StrictSerializer
from tenants.api.surfaces import TenantSurface
from tenants.services import usage


def _count(largest: int = MAX_TOKENS, **source: Any) -> serializers.IntegerField:
    return serializers.IntegerField(min_value=0, max_value=largest, required=False, default=0, **source)


class BucketSerializer(StrictSerializer):
    """One hour of one agent on one model, as it stands: reported again, it replaces."""

    agent_id = serializers.CharField(max_length=80, source="agent_code")
    model = serializers.CharField(max_length=120, source="model_name")
    bucket_hour = serializers.DateTimeField()
    tokens_input = _count()
    tokens_output = _count()
    tokens_cache_read = _count()
    tokens_cache_write = _count()
    web_search_count = _count(MAX_COUNT)
    web_fetch_count = _count(MAX_COUNT)
    cost_cents = _count(source="claimed_cost_cents")


class UsageReportSerializer(StrictSerializer):
    """Taken whole, or refused whole."""

    buckets = BucketSerializer(many=True)


class UsageTakenSerializer(StrictSerializer):
    """How many buckets were stored, and how many of them came after their period had closed."""

    accepted = serializers.IntegerField()
    late = serializers.IntegerField()
    server_time = serializers.DateTimeField()


class Usage(TenantSurface):
    access = {"POST": "server"}
    failures = {"POST": [409]}
    unaudited = {
        "POST": "Usage is a measurement, kept as it was reported; what is late for a closed period is audited."
    }
    repeatable = "an hour that is reported again takes the place of what was reported"

    @extend_schema(request=UsageReportSerializer, responses={200: UsageTakenSerializer})
    def post(self, request: Request) -> Response:
        given = self.validated(UsageReportSerializer)
        recorded = usage.report(self.server, [Bucket(**bucket) for bucket in given["buckets"]])
        found = {"accepted": recorded.stored, "late": recorded.late, "server_time": clock.now()}
        return Response(UsageTakenSerializer(found).data)
