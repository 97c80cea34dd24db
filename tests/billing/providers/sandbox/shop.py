"""A little shop at the sandbox: what a test sells, to whom, and when."""

from calendar import isleap
from datetime import UTC, datetime
from typing import Any

import stripe
from django.conf import settings

from billing.providers.sandbox import checkout, clock
from billing.providers.sandbox.checkout import Payer
from billing.providers.sandbox.http_client import SandboxHTTPClient
from billing.providers.sandbox.models import Record
from billing.providers.sandbox.shapes import Json
from tests import kept

SUCCESS_URL = "https://shop.test/thanks?session={CHECKOUT_SESSION_ID}"
DECLINED = "4000000000000002"
NO_FUNDS = "4000000000009995"
CONFIRMS = "4000002500003155"
DISPUTED = "4000000000000259"
REFUND_FAILS = "4000000000005126"


def client(**options: Any) -> stripe.StripeClient:
    """The real library with the sandbox at its other end."""
    return stripe.StripeClient(
        settings.STRIPE_SECRET_KEY,
        http_client=SandboxHTTPClient(),
        stripe_version=settings.STRIPE_API_VERSION,
        **options,
    )


def plain(obj: stripe.StripeObject) -> Json:
    """An object as it came over the wire."""
    return obj.to_dict(for_json=True)


def product(name: str = "Pages Team") -> stripe.Product:
    """Something to sell."""
    return client().v1.products.create({"name": name})


def price(amount: int = 6_500, *, interval: Any = "month", **params: Any) -> stripe.Price:
    """A recurring price; `interval=None` makes it a single payment."""
    recurring = {"recurring": {"interval": interval}} if interval else {}
    given: Any = {"product": product().id, "currency": "usd", "unit_amount": amount, **recurring, **params}
    asked: Any = {name: value for name, value in given.items() if value is not None}
    return client().v1.prices.create(asked)


def customer(card: str = "visa", **params: Any) -> stripe.Customer:
    """A customer whose default card is one of the ready-made ones; "" for none."""
    api = client().v1
    given: Any = {"email": "ann@acme.test", "name": "Ann", **params}
    made = api.customers.create(given)
    if not card:
        return made
    method = api.payment_methods.attach(f"pm_card_{card}", {"customer": made.id})
    return api.customers.update(made.id, {"invoice_settings": {"default_payment_method": method.id}})


def replace_card(customer_id: str, card: str) -> None:
    """From now on the customer's default is another ready-made card."""
    api = client().v1
    method = api.payment_methods.attach(f"pm_card_{card}", {"customer": customer_id})
    api.customers.update(customer_id, {"invoice_settings": {"default_payment_method": method.id}})


def subscription(
    of: stripe.Price | None = None, to: stripe.Customer | None = None, **params: Any
) -> stripe.Subscription:
    """A subscription of one price, paid with the customer's default card. Where it is the first thing, it is kept."""
    if of or to or params or clock.offset() or Record.objects.exists():
        return _subscribe(of, to, **params)
    kept.situation("somebody subscribed", _subscribe)
    return client().v1.subscriptions.retrieve(Record.objects.get(kind="subscription").object_id)


def _subscribe(of: stripe.Price | None = None, to: stripe.Customer | None = None, **params: Any) -> stripe.Subscription:
    given: Any = {"customer": (to or customer()).id, "items": [{"price": (of or price()).id}], **params}
    return client().v1.subscriptions.create(given)


def checkout_session(of: stripe.Price | None = None, **params: Any) -> stripe.checkout.Session:
    """An open checkout for one price."""
    sold = of or price()
    given: Any = {
        "mode": "subscription" if sold.recurring else "payment",
        "line_items": [{"price": sold.id, "quantity": 1}],
        "success_url": SUCCESS_URL,
        **params,
    }
    return client().v1.checkout.sessions.create(given)


def pay(session: stripe.checkout.Session, number: str = "4242424242424242", *, email: str = "ann@acme.test") -> Json:
    """What a person does on the page."""
    return checkout.pay(session.id, Payer(number=number, email=email, name="Ann"))


def invoices(subscription_id: str) -> list[stripe.Invoice]:
    """A subscription's invoices, oldest first."""
    return client().v1.invoices.list({"subscription": subscription_id, "limit": 100}).data[::-1]


def events(*, after: int = 0) -> list[str]:
    """The kinds of all events, oldest first, without the first so many."""
    found = client().v1.events.list({"limit": 100}).auto_paging_iter()
    return [str(event.type) for event in found][::-1][after:]


def go_to(month: int, day: int, *, leap: bool = False, hour: int = 10) -> datetime:
    """Advance to this date of the next year that fits."""
    year = clock.now().year + 1
    while leap != isleap(year):
        year += 1
    return clock.advance(datetime(year, month, day, hour, tzinfo=UTC))


def dates(invoice: stripe.Invoice) -> tuple[str, str]:
    """The period of an invoice's first line."""
    period = invoice.lines.data[0].period
    return date(period.start), date(period.end)


def date(timestamp: int) -> str:
    """A timestamp's day in UTC, without its year."""
    return f"{datetime.fromtimestamp(timestamp, UTC):%d %b}"


def item(of: stripe.Subscription) -> Any:
    """A subscription's only item. (`items` is a method of every object of the library.)"""
    (found,) = of["items"].data
    return found


def period_end(of: stripe.Subscription) -> int:
    """When a subscription renews."""
    return int(item(of).current_period_end)
