"""The shape of an order's live log, for everyone who may follow it."""

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from platform_core.api.strict import StrictModelSerializer, StrictSerializer
from platform_core.api.surfaces import Surface
from platform_core.models import JobLog
from tenants.models import Order
from tenants.services import job_logs


class LogQuerySerializer(StrictSerializer):
    """From which line on, and how long to wait for one."""

    after = serializers.IntegerField(min_value=0, max_value=2**63 - 1, required=False, default=0)
    wait = serializers.FloatField(min_value=0, max_value=job_logs.LONGEST_WAIT, required=False, default=0.0)


class LogLineSerializer(StrictModelSerializer[JobLog]):
    class Meta:
        model = JobLog
        fields = ["id", "at", "step", "stream", "text"]
        read_only_fields = fields


class LogSerializer(StrictSerializer):
    """What is new. Ask again with `after`; once `ended`, nothing is added."""

    lines = LogLineSerializer(many=True)
    after = serializers.IntegerField()
    ended = serializers.BooleanField()
    wait_reason = serializers.CharField(allow_blank=True)


class OrderLog(Surface, generics.GenericAPIView[Order]):
    """The order's log from the line that the query names; the surface says whose orders."""

    serializer_class = LogSerializer

    def get_queryset(self) -> QuerySet[Order]:
        return Order.objects.all()

    @extend_schema(parameters=[LogQuerySerializer], responses={200: LogSerializer})
    def get(self, request: Request, pk: str) -> Response:
        given = self.validated(LogQuerySerializer, query=True)
        found = job_logs.of_order(self.get_object(), given["after"], given["wait"])
        return Response(LogSerializer(found).data)
