"""What an order's names point to."""

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from platform_core.api.strict import StrictModelSerializer, StrictSerializer
from platform_core.api.surfaces import AdminSurface
from tenants.models import DnsRecord, Order

NOT_CHECKED, PENDING, READY = "NOT_CHECKED", "PENDING", "READY"


class DnsRecordSerializer(StrictModelSerializer[DnsRecord]):
    """One name, as it was last seen."""

    seen = serializers.ListField(child=serializers.IPAddressField(), read_only=True)

    class Meta:
        model = DnsRecord
        fields = ["name", "expected", "seen", "outcome", "checked_at"]
        read_only_fields = fields


class OrderDnsSerializer(StrictSerializer):
    """Whether every name leads to the server."""

    status = serializers.ChoiceField(choices=[NOT_CHECKED, PENDING, READY])
    records = DnsRecordSerializer(many=True)


class OrderDns(AdminSurface, generics.GenericAPIView[Order]):
    access = {"GET": "tenants.view_order"}
    serializer_class = OrderDnsSerializer

    def get_queryset(self) -> QuerySet[Order]:
        return Order.objects.prefetch_related("dns_records")

    @extend_schema(responses={200: OrderDnsSerializer})
    def get(self, request: Request, pk: str) -> Response:
        records = list(self.get_object().dns_records.all())
        return Response(OrderDnsSerializer({"status": _status(records), "records": records}).data)


def _status(records: list[DnsRecord]) -> str:
    if not records:
        return NOT_CHECKED
    return READY if all(record.outcome == DnsRecord.Outcome.MATCH for record in records) else PENDING
