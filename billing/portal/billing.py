"""The billing page: what the organization pays for, with what, and what is wrong with it."""

from dataclasses import dataclass

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from billing import selectors
from billing.models import Dunning, PaymentMethod, PaymentMethodSetup, Plan, Subscription, SubscriptionChange
from billing.selectors import UsageSummary
from billing.services import add_ons, notices
from billing.services.proposals import OPEN_TO_CHANGES, RUNNING
from orgs import roles
from orgs.portal.pages import OrganizationPage

Setup = PaymentMethodSetup.Status


@dataclass(frozen=True)
class Held:
    """One subscription as its card shows it."""

    subscription: Subscription
    usage: UsageSummary | None
    # What is to come with the next period, and what is under way now.
    scheduled: SubscriptionChange | None
    pending: SubscriptionChange | None
    # What the customer's bank wants to be asked about first.
    confirming: SubscriptionChange | None
    # Whether there is, or could be, something beside its plan.
    has_add_ons: bool

    @property
    def planned_add_ons(self) -> list[str]:
        """What the next period brings beside the plan."""
        return add_ons.told(self.scheduled) if self.scheduled else []

    @property
    def is_plan_planned(self) -> bool:
        """Whether the next period brings another plan, price or number of it, or other terms."""
        coming, held = self.scheduled, self.subscription
        same = coming is not None and (coming.price_id, coming.quantity) == (held.price_id, held.quantity)
        return coming is not None and not (same and coming.kind == SubscriptionChange.Kind.ADD_ONS)

    @property
    def wanted(self) -> str:
        """What comes once the bank has confirmed."""
        return notices.wanted(self.confirming) if self.confirming else ""

    @property
    def may_change(self) -> bool:
        """Whether another plan can be chosen."""
        held = self.subscription
        return held.status in OPEN_TO_CHANGES and not held.cancel_at_period_end and self.pending is None

    @property
    def may_resume(self) -> bool:
        """Whether there is something to take back."""
        paused = self.subscription.status == Subscription.Status.PAUSED
        is_planned = self.scheduled is not None and not self.scheduled.is_binding
        is_asked = self.subscription.cancel_at_period_end or self.confirming is not None
        return self.pending is None and (is_asked or paused or is_planned)


class BillingSurroundings(OrganizationPage):
    """What the pages about subscriptions have in common."""

    nav = "billing"

    def subscriptions(self) -> QuerySet[Subscription]:
        """Those of the organization in use that are not over."""
        mine = Subscription.objects.filter(organization=self.organization, status__in=RUNNING)
        found = mine.select_related("organization", "plan__product", "price")
        return found.prefetch_related(add_ons.fetched())


class Billing(BillingSurroundings):
    """Everything at a glance; whoever may manage it finds the buttons."""

    access = {"GET": roles.BILLING_READ}

    def get(self, request: HttpRequest) -> HttpResponse:
        mine = {"organization": self.organization}
        setups = PaymentMethodSetup.objects.filter(**mine)
        return self.page(
            "portal/billing/billing.html",
            held=self._held(),
            cases=list(Dunning.objects.filter(**mine).running().select_related("invoice", "subscription__plan")),
            methods=list(PaymentMethod.objects.present().filter(**mine)),
            # The provider has it, and we are about to hear of it.
            is_saving="saved" in request.GET and setups.filter(status__in=[Setup.OPEN, Setup.SAVED]).exists(),
        )

    def _held(self) -> list[Held]:
        found = list(self.subscriptions())
        asked = SubscriptionChange.objects.filter(subscription__in=found).select_related("price__plan")
        scheduled = {each.subscription_id: each for each in asked.scheduled()}
        pending = {each.subscription_id: each for each in asked.pending()}
        confirming = {each.subscription_id: each for each in asked.confirming()}
        sold = set(Plan.objects.add_ons().values_list("product", flat=True)) if found else set()
        return [
            Held(
                each,
                self._usage(each),
                scheduled.get(each.pk),
                pending.get(each.pk),
                confirming.get(each.pk),
                has_add_ons=each.plan.product_id in sold or bool(each.add_ons.all()),
            )
            for each in found
        ]

    def _usage(self, subscription: Subscription) -> UsageSummary | None:
        period = selectors.latest_period(subscription)
        return selectors.usage_summary(period) if period and period.token_allotment is not None else None
