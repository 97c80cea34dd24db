"""What people do with the product, for staff."""

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from identity.models import AnalyticsEvent, UserActivity
from identity.services.telemetry import NAMES
from platform_core.api.pagination import CursorPage
from platform_core.api.strict import StrictModelSerializer, StrictSerializer
from platform_core.api.surfaces import AdminSurface

WHOSE = [OpenApiParameter("userId", OpenApiTypes.UUID), OpenApiParameter("organizationId", OpenApiTypes.UUID)]


class AnalyticsEventSerializer(StrictModelSerializer[AnalyticsEvent]):
    """One thing that a person did."""

    class Meta:
        model = AnalyticsEvent
        fields = ["id", "name", "user_id", "organization_id", "properties", "occurred_at"]
        read_only_fields = fields


class UserActivitySerializer(StrictModelSerializer[UserActivity]):
    """One person's day."""

    class Meta:
        model = UserActivity
        fields = ["id", "user_id", "organization_id", "active_on", "events_count", "last_at"]
        read_only_fields = fields


class EventFilterSerializer(StrictSerializer):
    """Which events a list shows."""

    name = serializers.ChoiceField(choices=sorted(NAMES), required=False)
    user_id = serializers.UUIDField(required=False)
    organization_id = serializers.UUIDField(required=False)


class ActivityFilterSerializer(StrictSerializer):
    """Which days a list shows."""

    active_on = serializers.DateField(required=False)
    user_id = serializers.UUIDField(required=False)
    organization_id = serializers.UUIDField(required=False)


class TelemetryEvents(AdminSurface, generics.ListAPIView[AnalyticsEvent]):
    """What people did, the newest first."""

    access = {"GET": "identity.view_analyticsevent"}
    serializer_class = AnalyticsEventSerializer
    pagination_class = CursorPage

    def get_queryset(self) -> QuerySet[AnalyticsEvent]:
        given = self.validated(EventFilterSerializer, query=True)
        return AnalyticsEvent.objects.filter(**given).order_by("-occurred_at", "-id")

    @extend_schema(parameters=[OpenApiParameter("name", enum=sorted(NAMES)), *WHOSE])
    def get(self, request: Request) -> Response:
        return self.list(request)


class TelemetryActivities(AdminSurface, generics.ListAPIView[UserActivity]):
    """Who was active on which day, the latest first."""

    access = {"GET": "identity.view_useractivity"}
    serializer_class = UserActivitySerializer
    pagination_class = CursorPage

    def get_queryset(self) -> QuerySet[UserActivity]:
        given = self.validated(ActivityFilterSerializer, query=True)
        return UserActivity.objects.filter(**given).order_by("-active_on", "-id")

    @extend_schema(parameters=[OpenApiParameter("activeOn", OpenApiTypes.DATE), *WHOSE])
    def get(self, request: Request) -> Response:
        return self.list(request)
