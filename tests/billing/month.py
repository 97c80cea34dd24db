"""A month of one customer: bought, used, renewed. The sandbox is the provider, its clock is business time."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

from billing.models import Invoice, InvoiceLine, Subscription
from billing.providers.sandbox import clock as sandbox
from billing.services.usage import Bucket, record_buckets
from orgs.models import Organization
from platform_core import clock
from tests import kept, make
from tests.billing import shop
from tests.clocks import stopped

SOURCE = UUID("018f0000-0000-7000-8000-000000000001")
BOUGHT = datetime(2027, 3, 1, 10, 15, tzinfo=UTC)
RENEWAL = datetime(2027, 4, 1, 10, 15, tzinfo=UTC)


def subscribed(
    organization: Organization | None = None, *, plan: str = "hosting-pro", on: datetime = BOUGHT
) -> Subscription:
    """Somebody bought the plan then, and we know of it."""
    if organization or sandbox.offset():
        _subscribe(organization or make.organization(), plan, on)
    else:
        kept.situation(f"{plan} bought on {on}", lambda: _subscribe(make.organization(), plan, on))
    return Subscription.objects.latest("created_at")


def _subscribe(organization: Organization, plan: str, on: datetime) -> None:
    shop.opened()
    with stopped():
        if sandbox.now() < on:
            sandbox.advance(on)
        shop.bought(organization, plan)
    hear("checkout.session.completed")


def used_up() -> Subscription:
    """A month of 16.25 million tokens, renewed by the provider; we have not heard of it."""

    def use_it_up() -> None:
        use(subscribed(), 16_250_000)
        pass_to(RENEWAL + timedelta(minutes=1))

    kept.situation("a month used up", use_it_up)
    return Subscription.objects.get()


def hear(*kinds: str) -> None:
    """We are told the events of these kinds, and act upon them. Whichever it is, the whole purchase is read."""
    for event in shop.events(*kinds):
        shop.hear(event)
    shop.work()


def use(subscription: Subscription, tokens: int, *, hour: datetime | None = None, agent: str = "sales") -> None:
    """The agent used so many tokens in the hour, by default the present one."""
    begun = (hour or clock.now()).replace(minute=0, second=0, microsecond=0)
    record_buckets(subscription, SOURCE, [Bucket(agent, "claude", begun, tokens_input=tokens)])


def pass_to(moment: datetime) -> None:
    """The clock moves; the provider does what falls due. We have not heard of it."""
    sandbox.advance(moment)


def renew(subscription: Subscription, *, late: timedelta = timedelta(minutes=1)) -> None:
    """The clock passes the end of the period, and we know of it. The news of the draft bills it at once."""
    subscription.refresh_from_db()
    pass_to(subscription.current_period_end + late)
    hear("invoice.created")
    subscription.refresh_from_db()


def lines(invoice: Invoice) -> list[tuple[str, int, int]]:
    """Kind, quantity and amount of each line."""
    return [(line.kind, line.quantity, line.amount_minor) for line in invoice.lines.all()]


def newest_invoice(subscription: Subscription) -> Invoice:
    """The one issued last."""
    return subscription.invoices.latest("issued_at", "pk")


def charged_tokens() -> Iterator[InvoiceLine]:
    """Every line that charges for tokens, on whichever invoice."""
    return iter(InvoiceLine.objects.filter(kind__in=("overage", "adjustment")).order_by("invoice__issued_at"))
