"""Living the stories: buyers, hosted pages, and what is asked of the provider; nothing of ours is told of it."""

import random
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from billing.models import Plan
from billing.providers.sandbox import books
from billing.providers.sandbox import checkout as hosted_page
from billing.providers.sandbox import clock as sandbox_clock
from billing.providers.sandbox.behaviour import wallet
from billing.providers.sandbox.behaviour.cards import BY_TOKEN
from billing.providers.sandbox.models import Record
from billing.providers.stripe.client import build_client
from billing.services.checkout import start_checkout
from identity.models import User
from orgs.models import Membership, Organization
from orgs.roles import Role
from platform_core import clock
from tenants.management.shuffletest.story import PRICES, Act, Moment, State, choose

# The middle of a period: a renewal that was not paid is still asked for.
INTO_THE_MONTH = timedelta(days=2)
# A renewal's draft is final after an hour.
AFTER_RENEWAL = timedelta(hours=2)
BROKEN, WORKING = BY_TOKEN["chargeCustomerFail"], BY_TOKEN["visa"]


@dataclass
class Life:
    """One buyer, their subscription at the provider, and what must have become of it."""

    email: str
    state: State
    subscription_id: str = ""
    customer_id: str = ""

    def buy(self, organization: Organization | None, by: User | None) -> None:
        """Choose a plan and pay on the hosted page; every second buyer is a guest."""
        plan = Plan.objects.get(code=self.state.plan)
        email = "" if organization else self.email
        purchase = start_checkout(plan, organization=organization, by=by, email=email)
        session = hosted_page.pay(purchase.provider_session_id, hosted_page.Payer(email=self.email))
        self.subscription_id, self.customer_id = session["subscription"], session["customer"]
        self.state.begin_period("subscription_create")

    def live(self, chance: random.Random) -> Act:
        """What this month brings."""
        act, seats = choose(self.state, chance)
        self.state.act(act, self._do(act, seats), seats)
        return act

    def _do(self, act: Act, seats: int) -> Moment | None:
        api = build_client().v1.subscriptions
        match act:
            case Act.UPGRADE:
                return self._change(plan="pages-business", seats=self.state.seats)
            case Act.SEATS:
                return self._change(plan=self.state.plan, seats=seats)
            case Act.DOWNGRADE:
                self._change(plan="pages-team", seats=self.state.seats, prorate="none")
            case Act.BREAK_CARD | Act.MEND_CARD:
                self._change_card(mend=act is Act.MEND_CARD)
            case Act.GIVE_NOTICE | Act.RESUME:
                api.update(self.subscription_id, {"cancel_at_period_end": act is Act.GIVE_NOTICE})
            case Act.CANCEL:
                api.cancel(self.subscription_id)
        return None

    def _change(self, *, plan: str, seats: int, prorate: str = "always_invoice") -> Moment:
        api, item = build_client().v1.subscriptions, self._item()
        price = Plan.objects.get(code=plan).prices.get(kind="recurring").provider_price_id
        changed = api.update(
            self.subscription_id,
            {
                "items": [{"id": item["id"], "price": price, "quantity": seats}],
                "proration_behavior": "none" if prorate == "none" else "always_invoice",
                "expand": ["latest_invoice"],
            },
        )
        made_at = changed.to_dict()["latest_invoice"]["created"]
        return Moment(made_at, item["current_period_start"], item["current_period_end"])

    def _item(self) -> dict[str, Any]:
        found = build_client().v1.subscriptions.retrieve(self.subscription_id)
        item: dict[str, Any] = found.to_dict()["items"]["data"][0]
        return item

    def _change_card(self, *, mend: bool) -> None:
        """A card that can be saved and then declines, or one that works and pays what is open."""
        with books.writing() as account:
            wallet.replace_card(account, account.get("customer", self.customer_id), WORKING if mend else BROKEN)
        if mend:
            of = Record.objects.filter(kind="invoice", status="open", subscription=self.subscription_id)
            build_client().v1.invoices.pay(of.latest("sequence").object_id)


def begin(count: int, chance: random.Random) -> list[Life]:
    """So many buyers, each with a plan."""
    clock.refresh()
    plans = list(PRICES)
    lives = [Life(f"buyer{number}@shuffletest.example", State(chance.choice(plans))) for number in range(count)]
    for number, life in enumerate(lives):
        guest = number % 2 == 1
        organization, owner = (None, None) if guest else _company(number, life.email)
        life.buy(organization, owner)
    return lives


def _company(number: int, email: str) -> tuple[Organization, User]:
    """Whose owner never signs in: no password is hashed."""
    owner = User.objects.create(email=email)
    organization = Organization.objects.create(name=f"Company {number}", slug=f"company-{number}", billing_email=email)
    Membership.objects.create(organization=organization, user=owner, role=Role.OWNER)
    return organization, owner


def go_into_the_month() -> None:
    """The provider's clock moves on by days."""
    sandbox_clock.advance(by=INTO_THE_MONTH)


def end_month(lives: list[Life]) -> None:
    """The provider's clock moves past every renewal, to where its invoices are final."""
    running = Record.objects.filter(kind="subscription").exclude(status__in=("canceled", "incomplete_expired"))
    ends = max((record.data["_period_end"] for record in running), default=0)
    now = sandbox_clock.now()
    wait = timedelta(seconds=max(0, ends - now.timestamp())) + AFTER_RENEWAL
    sandbox_clock.advance(by=wait)
    for life in lives:
        life.state.end_month()
