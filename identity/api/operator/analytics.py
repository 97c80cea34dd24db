"""How many people came, were active and left, for staff."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from identity.analytics import people
from platform_core import months
from platform_core.api.months import MonthField, SpanSerializer
from platform_core.api.strict import StrictSerializer
from platform_core.api.surfaces import OperatorSurface


class MonthOfPeopleSerializer(StrictSerializer):
    """One month: `churnedCount` were active in the month before and not in it."""

    month = MonthField()
    signed_up_count = serializers.IntegerField()
    active_count = serializers.IntegerField()
    returned_count = serializers.IntegerField()
    churned_count = serializers.IntegerField()
    erased_count = serializers.IntegerField()
    total_count = serializers.IntegerField()


class PeopleSerializer(StrictSerializer):
    """Whole months, and how the accounts stand now."""

    from_month = MonthField(source="span.first")
    to_month = MonthField(source="span.last")
    months = MonthOfPeopleSerializer(many=True)
    by_status = serializers.DictField(child=serializers.IntegerField())


class AnalyticsUsers(OperatorSurface):
    access = {"GET": "identity.view_useractivity"}

    @extend_schema(parameters=[SpanSerializer], responses={200: PeopleSerializer})
    def get(self, request: Request) -> Response:
        given = self.validated(SpanSerializer, query=True)
        return Response(PeopleSerializer(people(months.months(given["from_month"], given["to_month"]))).data)
