"""Those who buy, use what they bought, and live to see the next month's invoice."""

from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Max

from billing.models import Invoice, InvoiceLine, Plan, Subscription, UsageBucket
from billing.providers.sandbox import checkout as hosted_page
from billing.providers.sandbox import clock as sandbox_clock
from billing.services import carts
from billing.services.checkout import start_checkout
from identity.services import accounts
from orgs.models import Organization
from platform_core import clock
from tenants.agent.clock import HubClock
from tenants.agent.ledger import Ledger, Usage
from tenants.models import Order
from tenants.provisioner.layout import Tenant

PLAN = "hosting-starter"
PASSWORD = "harbour-lantern-42"  # noqa: S105 - of people who exist for a minute
# More than the plan includes, so that there is something to bill.
TOKENS = 6_250_000


def tenant_of(order: Order) -> Tenant:
    """Where the process provisioner keeps it."""
    return Tenant(settings.TENANT_ROOT / str(order.pk))


@dataclass
class Market:
    """Every purchase of this test, by the buyer's address; every second buyer is a guest."""

    emails: list[str] = field(default_factory=list)
    used: set[UUID] = field(default_factory=set)
    renewed: set[UUID] = field(default_factory=set)

    def buy(self, count: int) -> None:
        """So many customers choose a plan and pay on the hosted page."""
        clock.refresh()
        for _ in range(count):
            email = f"customer{len(self.emails)}@crashtest.example"
            self._buy(email, is_guest=len(self.emails) % 2 == 1)
            self.emails.append(email)

    def _buy(self, email: str, *, is_guest: bool) -> None:
        plan = Plan.objects.get(code=PLAN)
        if is_guest:
            purchase = start_checkout(carts.of_plan(plan), organization=None, by=None, email=email)
        else:
            person = accounts.open_account(email, PASSWORD, "Kim Lighthouse", confirmed=True)
            organization = Organization.objects.get(memberships__user=person)
            purchase = start_checkout(carts.of_plan(plan), organization=organization, by=person)
        hosted_page.pay(purchase.provider_session_id)

    @property
    def guests(self) -> list[str]:
        """Those who had no account."""
        return self.emails[1::2]

    def fulfilled(self) -> int:
        """How many purchases have brought a server."""
        return Order.objects.filter(status=Order.Status.FULFILLED).count()

    def use(self) -> None:
        """Each new server's agents work."""
        for order in Order.objects.filter(status=Order.Status.FULFILLED).exclude(pk__in=self.used):
            home = tenant_of(order).agent
            Ledger(home.usage).record(Usage("sales", "large", tokens_input=TOKENS), HubClock(home).now())
            self.used.add(order.pk)

    def metered(self) -> int:
        """How many servers' use was reported."""
        return UsageBucket.objects.values("source_id").distinct().count()

    def pass_month(self) -> None:
        """The provider's clock moves past the end of every period."""
        self.renewed |= set(Subscription.objects.values_list("pk", flat=True))
        ends = Subscription.objects.aggregate(last=Max("current_period_end"))["last"]
        sandbox_clock.advance(to=ends + timedelta(minutes=1))

    def billed(self) -> int:
        """How many renewals are paid, with what was used beyond the allotment."""
        paid = InvoiceLine.objects.filter(kind=InvoiceLine.Kind.OVERAGE, invoice__status=Invoice.Status.PAID)
        return paid.filter(invoice__subscription__in=self.renewed).count()
