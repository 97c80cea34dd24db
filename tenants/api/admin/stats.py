"""The platform in numbers."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing.api.currencies import CurrencyField
from platform_core.api.strict import StrictSerializer
from platform_core.api.surfaces import AdminSurface
from tenants import selectors


class AmountSerializer(StrictSerializer):
    currency = CurrencyField()
    amount_minor = serializers.IntegerField()


class StatsSerializer(StrictSerializer):
    """Customers, orders, servers, revenue: all that was ever paid, and what a month brings now."""

    total_customers = serializers.IntegerField(source="customer_count")
    total_orders = serializers.IntegerField(source="order_count")
    orders_by_status = serializers.DictField(child=serializers.IntegerField())
    servers_by_status = serializers.DictField(child=serializers.IntegerField())
    active_subscriptions = serializers.IntegerField(source="live_subscription_count")
    failing_jobs = serializers.IntegerField(source="failing_job_count")
    monthly_recurring = AmountSerializer(many=True)
    revenue = AmountSerializer(many=True)


class Stats(AdminSurface):
    access = {"GET": "tenants.view_order"}

    @extend_schema(responses={200: StatsSerializer})
    def get(self, request: Request) -> Response:
        return Response(StatsSerializer(selectors.platform_stats()).data)
