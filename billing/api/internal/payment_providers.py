"""Who takes payments, and what they can do."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing.providers import provider
from platform_core.api import access
from platform_core.api.pagination import WholePage
from platform_core.api.strict import StrictSerializer
from platform_core.api.surfaces import InternalSurface


class PaymentProviderSerializer(StrictSerializer):
    """A provider and its capabilities, as data: read them instead of trying."""

    key = serializers.CharField()
    name = serializers.CharField()
    currencies = serializers.ListField(child=serializers.CharField(), help_text="ISO 4217.")
    methods = serializers.ListField(child=serializers.CharField())
    features = serializers.DictField(child=serializers.BooleanField())


class PaymentProviderList(InternalSurface):
    access = {"GET": access.INTERNAL}
    pagination_class = WholePage

    @extend_schema(responses={200: PaymentProviderSerializer(many=True)})
    def get(self, request: Request) -> Response:
        """The one that is configured."""
        able = provider().capabilities
        item = {
            "key": able.name,
            "name": able.display_name,
            "currencies": [currency.upper() for currency in able.currencies],
            "methods": list(able.methods),
            "features": dict(able.features),
        }
        return self.page([item], PaymentProviderSerializer)
