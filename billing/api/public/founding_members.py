"""How many can still become founding members."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing.services import founding
from platform_core.api.strict import StrictSerializer
from platform_core.api.surfaces import PublicHubSurface


class SpotsSerializer(StrictSerializer):
    """Founding memberships: how many there are in all, how many are taken, how many are left."""

    total = serializers.IntegerField()
    taken = serializers.IntegerField()
    remaining = serializers.IntegerField()


class FoundingMembersCount(PublicHubSurface):
    """Spots that remain."""

    access = {"GET": "anyone"}

    @extend_schema(responses={200: SpotsSerializer})
    def get(self, request: Request) -> Response:
        return Response(SpotsSerializer(founding.spots()).data)
