"""A shop that is open: the price list on sale in the sandbox, buyers with cards, and events on their way to us."""

import json
from collections.abc import Mapping
from urllib.parse import urlsplit

import stripe
from django.conf import settings
from django.test import Client

from billing.models import CheckoutSession, Plan, Price
from billing.providers.sandbox import webhooks
from billing.providers.sandbox.checkout import Payer, pay
from billing.providers.sandbox.models import Delivery, Record
from billing.providers.sandbox.shapes import Json
from billing.services import carts, catalog, inbox
from billing.services.checkout import start_checkout
from identity.models import User
from orgs.models import Organization
from platform_core import clock
from tests import kept, make

SHOP = "https://shop.test"
STRIPE = Client()
SOLD = ("hosting-starter", "hosting-pro", "pages-team")
DECLINED = "4000000000000002"


def opened() -> None:
    """The price list, with some of its plans on sale."""
    if Plan.objects.exists() or Record.objects.exists():
        _open()
    else:
        kept.situation("open shop", _open)


def _open() -> None:
    catalog.load_price_list()
    Price.objects.exclude(plan__code__in=SOLD).delete()
    catalog.publish_prices()
    # That the news of its own catalog mean nothing to us is shown once, in test_inbox.
    Delivery.objects.update(delivered_at=clock.wall(), next_attempt_at=None)


def checkout(organization: Organization | None, plan: str = "hosting-pro", *, email: str = "") -> CheckoutSession:
    """A checkout begun by an owner of the organization, or by a guest."""
    by = make.person(organization) if organization else None
    wanted = carts.of_plan(Plan.objects.get(code=plan), organization)
    return start_checkout(
        wanted, organization=organization, by=by, email=email, success_url=f"{SHOP}/done", cancel_url=f"{SHOP}/back"
    )


def bought(
    organization: Organization | None, plan: str = "hosting-pro", *, email: str = "guest@buyer.test"
) -> CheckoutSession:
    """A checkout that was paid for; we have not heard of it yet."""
    row = checkout(organization, plan)
    pay(row.provider_session_id, Payer(email=email))
    return row


def buyer() -> Organization:
    """An organization that paid for Hosting Pro, in a shop that was opened for it; we have not heard of it yet."""

    def buy() -> None:
        opened()
        bought(make.organization("Harbour Bakery"))

    kept.situation("paid for and not heard of", buy)
    return Organization.objects.get()


def customer(plan: str = "hosting-pro") -> Organization:
    """An organization that bought the plan, in a shop that was opened for it; we heard everything of it."""

    def buy() -> None:
        opened()
        bought(make.organization("Harbour Bakery"), plan)
        catch_up()

    kept.situation(f"{plan} bought and heard of", buy)
    return Organization.objects.get()


def bundled(organization: Organization) -> None:
    """It has Bundle Team, which covers Pages."""
    plan = Plan.objects.get(code="bundle-team")
    make.subscription(organization, plan, price=make.price(plan, amount_minor=15_000))


def asked() -> User:
    """Ann, under whose address a guest bought, in a shop that was opened for it; she was asked whether it was her."""

    def buy() -> None:
        opened()
        make.user("ann@buyer.test")
        bought(None, email="ann@buyer.test")
        catch_up()

    kept.situation("a guest's purchase under a known address", buy)
    return User.objects.get()


def post(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    """Deliver to our receiver without a network."""
    kind = headers["Content-Type"]
    answer = STRIPE.post(urlsplit(url).path, body, content_type=kind, headers=dict(headers))
    return answer.status_code


def events(*kinds: str) -> list[Json]:
    """What the sandbox has to tell, oldest first; of these kinds only, where any are named."""
    told = [record.data for record in Record.objects.filter(kind="event").order_by("sequence")]
    return [event for event in told if not kinds or event["type"] in kinds]


def hear(event: Json) -> int:
    """One event arrives, signed; gives the status it was answered with."""
    body = json.dumps(event)
    signature = stripe.WebhookSignature.generate_signature_header(body, settings.STRIPE_WEBHOOK_SECRETS[0])
    headers = {"Content-Type": "application/json", "Stripe-Signature": signature}
    return post(settings.BASE_URL + webhooks.RECEIVER, body.encode(), headers)


def deliver() -> int:
    """Everything that the sandbox has to tell arrives in order; gives how many did."""
    return webhooks.deliver_pending(post)


def work() -> int:
    """Act upon everything that arrived; gives how many events that were."""
    done = 0
    while inbox.process_one("test"):
        done += 1
    return done


def catch_up() -> None:
    """Deliver and act until there is nothing left."""
    while deliver():
        work()
