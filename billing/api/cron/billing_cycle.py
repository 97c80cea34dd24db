"""The scheduler's call to run the billing cycle."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing.tasks import BILLING_CYCLE
from platform_core import schedule, worker
from platform_core.api.strict import Nothing, StrictSerializer
from platform_core.api.surfaces import CronSurface
from platform_core.models import CronRun


class BillingFailureSerializer(StrictSerializer):
    """A subscription that could not be billed, or an invoice of our own; it is tried again."""

    subscription_id = serializers.UUIDField(required=False)
    invoice_id = serializers.UUIDField(required=False)
    error = serializers.CharField()


class BillingRunSerializer(StrictSerializer):
    """What the cycle did in this slot of time. A second call in the same slot tells of the first one's run."""

    slot = serializers.CharField()
    status = serializers.ChoiceField(choices=CronRun.Status.choices)
    closed = serializers.IntegerField(default=0)
    charged = serializers.IntegerField(default=0)
    waiting = serializers.IntegerField(default=0)
    retried = serializers.IntegerField(default=0)
    failed = BillingFailureSerializer(many=True, default=())


class BillingCycle(CronSurface):
    access = {"POST": "scheduler"}
    unaudited = {"POST": "Each period that it closes or charges is audited as such."}
    repeatable = "what is due is found by its rows, each of which is billed once"

    @extend_schema(request=Nothing, responses={200: BillingRunSerializer})
    def post(self, request: Request) -> Response:
        self.validated(Nothing)
        periodic = schedule.find(BILLING_CYCLE)
        schedule.run(periodic, worker.name())
        run = CronRun.objects.filter(name=periodic.name).latest("pk")
        return Response(BillingRunSerializer({**run.result, "slot": run.slot, "status": run.status}).data)
