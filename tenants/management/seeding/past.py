"""A year behind the demo company: customers of an agency who came, grew, left and came back, as billing recorded it.

They were billed elsewhere and brought over, so no payment provider knows of them: only what they brought is told.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import transaction

from billing.models import Price, Subscription
from billing.providers.protocol import Snapshot, SubscriptionFact
from billing.services.subscriptions import record_purchase
from identity.models import User
from identity.services import accounts
from orgs.models import Organization
from orgs.services.organizations import create_organization
from platform_core import clock
from platform_core.months import after, month_of
from tenants.management.seeding.people import PASSWORD

AGENCY = ("rhea@brightside-agency.example", "Rhea Sandoval", "Brightside Agency")
PROVIDER = "imported"
MONTH = timedelta(days=30)


class Turn(NamedTuple):
    """So many months ago it became this."""

    months_ago: int
    status: str = "active"
    quantity: int = 1


class Life(NamedTuple):
    """A customer, the plan they bought, and what became of it."""

    name: str
    plan: str
    turns: tuple[Turn, ...]


LIVES = (
    Life("Northwind Print", "pages-team", (Turn(12), Turn(8, quantity=2), Turn(3, quantity=3))),
    Life("Copper Kettle", "alerts-team", (Turn(12), Turn(9, "canceled"), Turn(5))),
    Life("Elm Street Dental", "bundle-team", (Turn(11), Turn(4, quantity=2))),
    Life("Saltmarsh Surveyors", "pages-business", (Turn(11, "trialing"), Turn(10), Turn(6, "canceled"))),
    Life("Foxglove Florists", "synthetics-team", (Turn(10), Turn(2, "past_due"), Turn(1, "unpaid"))),
    Life("Ravel Yarns", "alerts-business", (Turn(9, quantity=3), Turn(7, quantity=2))),
    Life("Kestrel Couriers", "bundle-team", (Turn(8), Turn(5, quantity=3), Turn(2, quantity=2))),
    Life("Marrow & Bone", "pages-team", (Turn(7, "trialing"), Turn(6, "canceled"))),
    Life("Tideline Diving", "alerts-team", (Turn(6, "trialing"), Turn(5), Turn(1, quantity=4))),
    Life("Orchard Lane School", "bundle-business", (Turn(5),)),
    Life("Brass Monkey Climbing", "pages-business", (Turn(4), Turn(1, "canceled"))),
    Life("Plumb Line Builders", "synthetics-business", (Turn(3), Turn(1, quantity=2))),
    Life("Night Owl Radio", "pages-team", (Turn(2, "trialing"), Turn(1))),
    Life("Wren & Daughters", "alerts-business", (Turn(1),)),
)


def make() -> int:
    """Live through each life, once; gives how many."""
    if Subscription.objects.filter(provider=PROVIDER).exists():
        return 0
    owner = _agency()
    for life in LIVES:
        _live(life, owner)
    return len(LIVES)


def _agency() -> User:
    email, name, company = AGENCY
    known = User.objects.filter(email=email).first()
    return known or accounts.open_account(email, PASSWORD, name, company=company, confirmed=True)


def _live(life: Life, owner: User) -> None:
    price = Price.objects.get(plan__code=life.plan, kind=Price.Kind.RECURRING, is_active=True)
    organization: Organization | None = None
    for place, (turn, moment) in enumerate(_moments(life)):
        with clock.back_at(moment):
            organization = organization or create_organization(life.name, owner=owner, by=owner)
            fact = _fact(organization, turn, price, moment)
            observed_at = clock.wall() + timedelta(microseconds=place)
            raw = [{"object": "nothing", "id": f"{fact.id}_{place}"}]
            with transaction.atomic():
                row = record_purchase(Snapshot(observed_at, subscription=fact, raw=raw), organization=organization)
    Subscription.objects.filter(pk=row.pk).update(provider=PROVIDER)


def _moments(life: Life) -> Iterator[tuple[Turn, datetime]]:
    """Each turn and when it was: no two customers on the same day of the month, and none later than now."""
    now, day = clock.now(), sum(life.name.encode()) % 27
    for turn in life.turns:
        first = after(month_of(now), -turn.months_ago)
        moment = now.replace(year=first.year, month=first.month, day=1) + timedelta(days=day)
        yield turn, min(moment, now - timedelta(hours=1))


def _fact(organization: Organization, turn: Turn, price: Price, moment: datetime) -> SubscriptionFact:
    is_over = turn.status == "canceled"
    return SubscriptionFact(
        id=f"past_{organization.pk.hex}",
        customer_id=f"past_{organization.pk.hex}",
        status=turn.status,
        price_id=price.provider_price_id,
        quantity=turn.quantity,
        period_start=moment,
        period_end=moment + MONTH,
        cancel_at_period_end=False,
        canceled_at=moment if is_over else None,
        ended_at=moment if is_over else None,
    )
