"""Whether an order goes on by itself."""

from django.db.models import QuerySet
from rest_framework import generics, serializers

from platform_core.api.strict import StrictModelSerializer
from platform_core.api.surfaces import AdminSurface
from tenants.models import Order


class OrderAutomationSerializer(StrictModelSerializer[Order]):
    automation_mode = serializers.ChoiceField(source="automation", choices=Order.Automation.choices, read_only=True)

    class Meta:
        model = Order
        fields = ["automation_mode", "status"]
        read_only_fields = fields


class OrderAutomation(AdminSurface, generics.RetrieveAPIView[Order]):
    access = {"GET": "tenants.view_order"}
    serializer_class = OrderAutomationSerializer

    def get_queryset(self) -> QuerySet[Order]:
        return Order.objects.all()
