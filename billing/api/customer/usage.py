"""What a customer's agents used: in sum, and hour by hour."""

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing import selectors
from billing.api.currencies import CurrencyField
from billing.api.customer.billing import (
    ChosenSubscriptionSerializer,
    MeteredSubscriptionSerializer,
    chosen_subscription,
)
from billing.models import BillingPeriod, UsageBucket
from billing.services import rating
from platform_core import clock
from platform_core.api.pagination import CursorPage
from platform_core.api.strict import StrictModelSerializer, StrictSerializer
from platform_core.api.surfaces import CustomerSurface

# How far back a series goes: days show the period in hand, weeks and months what came before it.
LOOK_BACK = {"week": timedelta(weeks=12), "month": timedelta(days=366)}


class UsageQuerySerializer(ChosenSubscriptionSerializer):
    """Whose usage, and in steps of what."""

    interval = serializers.ChoiceField(choices=sorted(selectors.STEPS), required=False, default="day")


class AgentUsageSerializer(StrictSerializer):
    """What one agent used in the period."""

    agent_id = serializers.CharField(source="name")
    tokens = serializers.IntegerField()


class ModelUsageSerializer(StrictSerializer):
    """What was used on one model in the period."""

    model = serializers.CharField(source="name")
    tokens = serializers.IntegerField()


class UsageStepSerializer(StrictSerializer):
    """What was used in the day, week or month that begins on this date."""

    start = serializers.DateField()
    tokens = serializers.IntegerField()


class UsageSummarySerializer(StrictSerializer):
    """Usage against allotment in the period in hand. Without a subscription everything is null, zero or empty."""

    subscription = MeteredSubscriptionSerializer(allow_null=True)
    period_start = serializers.DateTimeField(allow_null=True)
    period_end = serializers.DateTimeField(allow_null=True)
    token_allotment = serializers.IntegerField(allow_null=True)
    tokens_used = serializers.IntegerField()
    tokens_remaining = serializers.IntegerField()
    overage_tokens = serializers.IntegerField()
    # What they would cost if the period ended now.
    overage_minor = serializers.IntegerField()
    currency = CurrencyField(allow_null=True)
    per_agent = AgentUsageSerializer(many=True)
    per_model = ModelUsageSerializer(many=True)
    interval = serializers.ChoiceField(choices=sorted(selectors.STEPS))
    series = UsageStepSerializer(many=True)


NOTHING: dict[str, Any] = {
    "period_start": None,
    "period_end": None,
    "token_allotment": None,
    "tokens_used": 0,
    "tokens_remaining": 0,
    "overage_tokens": 0,
    "overage_minor": 0,
    "currency": None,
    "per_agent": (),
    "per_model": (),
    "series": (),
}


class UsageSummary(CustomerSurface):
    access = {"GET": "customer"}
    failures = {"GET": [404]}

    @extend_schema(parameters=[UsageQuerySerializer], responses={200: UsageSummarySerializer})
    def get(self, request: Request) -> Response:
        given = self.validated(UsageQuerySerializer, query=True)
        subscription = chosen_subscription(self, given["subscription"])
        period = selectors.latest_period(subscription) if subscription else None
        content = _content(period, given["interval"]) if period else NOTHING
        body = {**content, "subscription": subscription, "interval": given["interval"]}
        return Response(UsageSummarySerializer(body).data)


def _content(period: BillingPeriod, interval: str) -> dict[str, Any]:
    summary = selectors.usage_summary(period)
    over = rating.overage(rating.terms_of(period), rating.Usage(summary.used))
    return {
        "period_start": period.starts_at,
        "period_end": period.ends_at,
        "token_allotment": summary.allotment,
        "tokens_used": summary.used,
        "tokens_remaining": summary.remaining,
        "overage_tokens": over.quantity,
        "overage_minor": over.amount_minor,
        "currency": period.currency,
        "per_agent": [asdict(share) for share in summary.agents],
        "per_model": [asdict(share) for share in summary.models],
        "series": [asdict(step) for step in _series(period, summary, interval)],
    }


def _series(period: BillingPeriod, summary: selectors.UsageSummary, interval: str) -> tuple[selectors.UsageStep, ...]:
    if interval not in LOOK_BACK:
        return summary.days
    return selectors.usage_series(period.subscription, interval, since=_midnight(clock.now() - LOOK_BACK[interval]))


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


class UsageFilterSerializer(ChosenSubscriptionSerializer):
    """Which hours: from one up to, but without, another; of one agent; on one model."""

    since = serializers.DateTimeField(required=False)
    until = serializers.DateTimeField(required=False)
    agent_id = serializers.CharField(max_length=80, required=False)
    model = serializers.CharField(max_length=120, required=False)


class UsageRowsQuerySerializer(UsageFilterSerializer):
    """The same with the page's own, which the paginator reads."""

    cursor = serializers.CharField(required=False)
    limit = serializers.CharField(required=False)


COLUMNS = {
    "since": "bucket_hour__gte",
    "until": "bucket_hour__lt",
    "agent_id": "agent_code",
    "model": "model_name",
}


class UsageRowSerializer(StrictModelSerializer[UsageBucket]):
    """One hour of one agent on one model. `tokensTotal` is what counts against the allotment."""

    agent_id = serializers.CharField(source="agent_code", read_only=True)
    model = serializers.CharField(source="model_name", read_only=True)
    order_id = serializers.UUIDField(source="source_id", read_only=True)

    class Meta:
        model = UsageBucket
        fields = [
            "bucket_hour",
            "agent_id",
            "model",
            "order_id",
            "tokens_input",
            "tokens_output",
            "tokens_cache_read",
            "tokens_cache_write",
            "tokens_total",
            "web_search_count",
            "web_fetch_count",
            "reported_at",
        ]
        read_only_fields = fields


class UsageBreakdown(CustomerSurface, generics.ListAPIView[UsageBucket]):
    access = {"GET": "customer"}
    failures = {"GET": [404]}
    serializer_class = UsageRowSerializer
    pagination_class = CursorPage

    @extend_schema(parameters=[UsageFilterSerializer])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[UsageBucket]:
        given = self.validated(UsageRowsQuerySerializer, query=True)
        subscription = chosen_subscription(self, given["subscription"])
        wanted = {column: given[name] for name, column in COLUMNS.items() if name in given}
        return UsageBucket.objects.filter(subscription=subscription, **wanted).order_by("-bucket_hour", "-pk")
