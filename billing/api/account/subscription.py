"""What an organization is subscribed to."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from billing.api.add_ons import BoughtAddOnSerializer, CountedAddOnSerializer
from billing.api.currencies import CurrencyField
from billing.models import PlanVersion, Price, Subscription, SubscriptionChange
from billing.models.terms import ENFORCEMENTS, KINDS, RESETS
from billing.services import add_ons, changes, entitlements, next_steps, proposals
from billing.services.proposals import Asked, Proposal
from orgs import roles
from orgs.api.surfaces import OrganizationSurface
from orgs.models import Organization
from platform_core.api.strict import StrictModelSerializer, StrictSerializer
from platform_core.errors import Conflict

NONE = "none"
# How often a plan may be paid for.
INTERVALS = (Price.Interval.MONTH.value, Price.Interval.YEAR.value)
RELATED = ("plan__product", "plan_version__plan__product", "price")


class SubscribedPlanSerializer(StrictModelSerializer[PlanVersion]):
    """The plan of a subscription, on the terms that it was bought on."""

    code = serializers.CharField(source="plan.code", read_only=True)
    product = serializers.CharField(source="plan.product.code", read_only=True)
    name = serializers.CharField(source="plan.name", read_only=True)
    tier = serializers.CharField(source="plan.tier", read_only=True)

    class Meta:
        model = PlanVersion
        fields = ["code", "product", "name", "tier", "token_allotment", "features", "rate_limit", "monthly_limit"]
        read_only_fields = fields


class SubscriptionSerializer(StrictModelSerializer[Subscription]):
    """A subscription as the organization's members see it."""

    plan = SubscribedPlanSerializer(source="plan_version", read_only=True)
    amount_minor = serializers.IntegerField(source="price.amount_minor", read_only=True)
    currency = CurrencyField(source="price.currency", read_only=True)
    interval = serializers.CharField(source="price.interval", read_only=True)
    add_ons = BoughtAddOnSerializer(many=True, read_only=True)
    auto_renew = serializers.BooleanField(read_only=True)

    class Meta:
        model = Subscription
        fields = [
            "id",
            "plan",
            "status",
            "quantity",
            "add_ons",
            "amount_minor",
            "currency",
            "interval",
            "current_period_start",
            "current_period_end",
            "auto_renew",
            "cancel_at_period_end",
            "canceled_at",
            "trial_ends_at",
            "suspended_at",
            "ended_at",
            "created_at",
        ]
        read_only_fields = fields


class ProductAccessSerializer(StrictSerializer):
    """A product that may be used now, and the plan that is the reason: its own, or a bundle's that covers it."""

    product = serializers.CharField()
    plan = serializers.CharField(source="plan.code")
    is_bundled = serializers.BooleanField()


class EntitlementSerializer(StrictSerializer):
    """Something or not (boolean), a value (static), or so much of it (quota; null: without limit)."""

    code = serializers.CharField()
    kind = serializers.ChoiceField(choices=KINDS)
    value = serializers.CharField()
    limit = serializers.IntegerField(allow_null=True)
    enforcement = serializers.ChoiceField(choices=ENFORCEMENTS)
    reset = serializers.ChoiceField(choices=RESETS)


class SubscriptionStateSerializer(StrictSerializer):
    """The present subscription, and all there ever were. `status` is "none" for an organization that never bought.

    `products` and `entitlements` are what all that give access now give together.
    """

    organization_id = serializers.UUIDField()
    status = serializers.CharField()
    is_active = serializers.BooleanField()
    products = ProductAccessSerializer(many=True)
    entitlements = EntitlementSerializer(many=True)
    current = SubscriptionSerializer(allow_null=True)
    subscriptions = SubscriptionSerializer(many=True)


def state_of(organization: Organization) -> Any:
    """The answer of every endpoint that tells what an organization is subscribed to."""
    subscriptions = list(organization.subscriptions.select_related(*RELATED).prefetch_related(add_ons.fetched()))
    live = [subscription for subscription in subscriptions if subscription.status in Subscription.LIVE]
    current = next(iter(live or subscriptions), None)
    return SubscriptionStateSerializer(
        {
            "organization_id": organization.pk,
            "status": current.status if current else NONE,
            "is_active": any(each.gives_access for each in live),
            "products": entitlements.product_access(live).values(),
            "entitlements": entitlements.entitlements_of(live).values(),
            "current": current,
            "subscriptions": subscriptions,
        }
    ).data


# --- Changing it ------------------------------------------------------------------------------------------------------
class WhichSerializer(StrictSerializer):
    """Which subscription: needed where there is more than one."""

    product = serializers.SlugField(max_length=40, required=False, default="")
    subscription_id = serializers.UUIDField(required=False, allow_null=True, default=None)


class WishSerializer(WhichSerializer):
    """Another plan, quantity or interval; without any of them, one step in the direction of the address."""

    plan = serializers.SlugField(max_length=60, required=False, default="")
    quantity = serializers.IntegerField(min_value=1, max_value=100_000, required=False, allow_null=True, default=None)
    interval = serializers.ChoiceField(choices=INTERVALS, required=False, default="")


class UpgradeRequestSerializer(WishSerializer):
    """With the two figures of a preview it costs exactly what was shown, or is refused."""

    prorated_at = serializers.DateTimeField(required=False, allow_null=True, default=None)
    due_minor = serializers.IntegerField(required=False, allow_null=True, default=None)


class DowngradeRequestSerializer(WishSerializer):
    """In force with the next period."""


class PreviewRequestSerializer(WishSerializer):
    """What to look at; a step up unless it says down."""

    direction = serializers.ChoiceField(choices=["up", "down"], required=False, default="up")


class EndSerializer(StrictSerializer):
    """When it ends, and why."""

    at = serializers.ChoiceField(choices=["period_end", "now"], required=False, default="period_end")
    reason = serializers.CharField(max_length=500, required=False, default="", allow_blank=True)


class CancelRequestSerializer(EndSerializer, WhichSerializer):
    """Which one ends, when, and why."""


class AutoRenewRequestSerializer(WhichSerializer):
    """Whether it goes on after its period."""

    auto_renew = serializers.BooleanField()


class ProratedLineSerializer(StrictSerializer):
    """The rest of the period: given back on the present terms, charged on the new ones."""

    kind = serializers.ChoiceField(choices=["credit", "charge", "tax"])
    code = serializers.CharField(source="of.code", default=None, help_text="Of the plan or the add-on.")
    quantity = serializers.IntegerField()
    amount_minor = serializers.IntegerField()
    period_start = serializers.DateTimeField(source="starts_at")
    period_end = serializers.DateTimeField(source="ends_at")


class ProposalSerializer(StrictSerializer):
    """What a change would mean. `proratedAt` and `dueMinor`, sent along with the upgrade, hold it to these figures."""

    subscription_id = serializers.UUIDField(source="subscription.pk")
    kind = serializers.ChoiceField(choices=["upgrade", "downgrade", "add_ons"])
    timing = serializers.ChoiceField(choices=SubscriptionChange.Timing.choices)
    plan = serializers.CharField(source="price.plan.code")
    interval = serializers.ChoiceField(source="price.interval", choices=INTERVALS)
    quantity = serializers.IntegerField()
    currency = CurrencyField()
    lines = ProratedLineSerializer(many=True)
    due_minor = serializers.IntegerField()
    credits_minor = serializers.IntegerField(help_text="How much of `dueMinor` the customer's credits pay.")
    payable_minor = serializers.IntegerField(help_text="What is asked for after credits; never below nothing.")
    prorated_at = serializers.DateTimeField(allow_null=True)
    effective_at = serializers.DateTimeField()
    period_minor = serializers.IntegerField()


class NextActionSerializer(StrictSerializer):
    """What the customer must do, and until when: nothing is changed before they have.

    Without an end it is done, and they owe what their bank did not pay.
    """

    type = serializers.ChoiceField(choices=["redirect"])
    url = serializers.URLField()
    expires_at = serializers.DateTimeField(allow_null=True)


class ChangeSerializer(StrictModelSerializer[SubscriptionChange]):
    """A change that was asked for. With a `nextAction` it waits for the customer's bank."""

    next_action = serializers.SerializerMethodField()
    plan = serializers.CharField(source="price.plan.code", default=None, read_only=True)
    add_ons = serializers.SerializerMethodField()

    class Meta:
        model = SubscriptionChange
        fields = [
            "id",
            "kind",
            "timing",
            "status",
            "plan",
            "quantity",
            "add_ons",
            "due_minor",
            "effective_at",
            "next_action",
            "failure",
            "created_at",
        ]
        read_only_fields = fields

    @extend_schema_field(CountedAddOnSerializer(many=True))
    def get_add_ons(self, row: SubscriptionChange) -> list[dict[str, Any]]:
        """What it wants of them; the others stay as they are."""
        return [{"code": plan.code, "quantity": quantity} for plan, quantity in add_ons.wished(row).items()]

    @extend_schema_field(NextActionSerializer(allow_null=True))
    def get_next_action(self, change: SubscriptionChange) -> Any:
        step = next_steps.of(change)
        if step is None:
            return None
        return NextActionSerializer({"type": "redirect", "url": step.url, "expires_at": step.until}).data


class ChangedSerializer(StrictSerializer):
    """The subscription as it is now, and the change; none where it was so already."""

    subscription = SubscriptionSerializer()
    change = ChangeSerializer(allow_null=True)


def changed(subscription: Subscription, change: SubscriptionChange | None) -> Response:
    """The answer of everything that changes a subscription."""
    found = Subscription.objects.select_related(*RELATED).prefetch_related(add_ons.fetched())
    now = found.get(pk=subscription.pk)
    return Response(ChangedSerializer({"subscription": now, "change": change}).data, status=status_of(change))


def status_of(change: SubscriptionChange | None) -> int:
    """Done; or accepted, and the customer's bank wants to hear from them."""
    waits = change is not None and next_steps.of(change) is not None
    return status.HTTP_202_ACCEPTED if waits else status.HTTP_200_OK


class SubscriptionSurface(OrganizationSurface):
    """Acts on one subscription of the organization."""

    idempotent = True

    def asked(self, reason: str = "") -> Asked:
        return Asked(self.actor, reason, self.idempotency_key)

    def before(self) -> Response | None:
        """The answer to a request that was made under the same key, and whose first answer was lost."""
        earlier = changes.asked_before(self.idempotency_key)
        return changed(earlier.subscription, earlier) if earlier else None

    def running(self, given: dict[str, Any]) -> Subscription:
        product: str = given.get("product", "")
        named: UUID | None = given.get("subscription_id")
        return proposals.running(self.organization, product=product, subscription_id=named)

    def proposal(self, given: dict[str, Any], direction: SubscriptionChange.Kind) -> Proposal:
        subscription = self.running(given)
        price, quantity = proposals.target(
            subscription,
            plan=given["plan"],
            quantity=given["quantity"],
            direction=direction,
            interval=given["interval"],
        )
        proposal = proposals.propose(subscription, price, quantity, at=given.get("prorated_at"))
        return proposals.at_provider(proposal)


class SubscriptionDetail(SubscriptionSurface):
    access = {"GET": roles.BILLING_READ, "PATCH": roles.BILLING_MANAGE}
    failures = {"PATCH": [402, 404, 409, 502]}

    @extend_schema(responses={200: SubscriptionStateSerializer})
    def get(self, request: Request) -> Response:
        return Response(state_of(self.organization))

    @extend_schema(request=AutoRenewRequestSerializer, responses={200: ChangedSerializer})
    def patch(self, request: Request) -> Response:
        given = self.validated(AutoRenewRequestSerializer)
        subscription = self.running(given)
        return changed(subscription, changes.set_auto_renew(subscription, self.asked(), renews=given["auto_renew"]))


class SubscriptionPreview(SubscriptionSurface):
    access = {"POST": roles.BILLING_READ}
    failures = {"POST": [404, 409, 502]}
    unaudited = {"POST": "Reading: nothing is changed."}
    idempotent = False
    repeatable = "It only tells what a change would cost."

    @extend_schema(request=PreviewRequestSerializer, responses={200: ProposalSerializer})
    def post(self, request: Request) -> Response:
        given = self.validated(PreviewRequestSerializer)
        up = given["direction"] == "up"
        kind = SubscriptionChange.Kind.UPGRADE if up else SubscriptionChange.Kind.DOWNGRADE
        return Response(ProposalSerializer(self.proposal(given, kind)).data)


class SubscriptionUpgrade(SubscriptionSurface):
    access = {"POST": roles.BILLING_MANAGE}
    failures = {"POST": [402, 404, 409, 502]}

    @extend_schema(request=UpgradeRequestSerializer, responses={200: ChangedSerializer, 202: ChangedSerializer})
    def post(self, request: Request) -> Response:
        given = self.validated(UpgradeRequestSerializer)
        if earlier := self.before():
            return earlier
        proposal = self.proposal(given, SubscriptionChange.Kind.UPGRADE)
        if proposal.kind != SubscriptionChange.Kind.UPGRADE:
            raise Conflict("This is no step up: ask for a downgrade, which comes into force with the next period.")
        proposal = proposals.hold_to(proposal, given["due_minor"])
        return changed(proposal.subscription, changes.change_plan(proposal, self.asked()))


class SubscriptionDowngrade(SubscriptionSurface):
    access = {"POST": roles.BILLING_MANAGE}
    failures = {"POST": [402, 404, 409, 502]}

    @extend_schema(request=DowngradeRequestSerializer, responses={200: ChangedSerializer})
    def post(self, request: Request) -> Response:
        given = self.validated(DowngradeRequestSerializer)
        if earlier := self.before():
            return earlier
        proposal = self.proposal(given, SubscriptionChange.Kind.DOWNGRADE)
        if proposal.kind != SubscriptionChange.Kind.DOWNGRADE:
            raise Conflict("This is a step up: ask for an upgrade, which comes into force at once.")
        return changed(proposal.subscription, changes.change_plan(proposal, self.asked()))


class SubscriptionCancel(SubscriptionSurface):
    access = {"POST": roles.BILLING_MANAGE}
    failures = {"POST": [404, 409, 502]}

    @extend_schema(request=CancelRequestSerializer, responses={200: ChangedSerializer})
    def post(self, request: Request) -> Response:
        given = self.validated(CancelRequestSerializer)
        if earlier := self.before():
            return earlier
        subscription, now = self.running(given), given["at"] == "now"
        return changed(subscription, changes.cancel(subscription, self.asked(given["reason"]), now=now))


class SubscriptionResume(SubscriptionSurface):
    access = {"POST": roles.BILLING_MANAGE}
    failures = {"POST": [402, 404, 409, 502]}

    @extend_schema(request=WhichSerializer, responses={200: ChangedSerializer, 202: ChangedSerializer})
    def post(self, request: Request) -> Response:
        given = self.validated(WhichSerializer)
        if earlier := self.before():
            return earlier
        subscription = self.running(given)
        return changed(subscription, changes.resume(subscription, self.asked()))
