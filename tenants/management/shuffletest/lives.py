"""Living the stories: buyers, hosted pages, and what is asked of the provider; nothing of ours is told of it."""

import random
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from billing.models import CheckoutSession, Plan, Price
from billing.providers.sandbox import books
from billing.providers.sandbox import checkout as hosted_page
from billing.providers.sandbox import clock as sandbox_clock
from billing.providers.sandbox.behaviour import banks, charging, disputing, wallet
from billing.providers.sandbox.behaviour.banks import TestAccount
from billing.providers.sandbox.behaviour.cards import BY_TOKEN, TestCard
from billing.providers.sandbox.behaviour.disputing import LOSING, WINNING
from billing.providers.sandbox.models import Record
from billing.providers.stripe.client import build_client
from billing.services import accounts, carts
from billing.services.carts import Cart, Item
from billing.services.checkout import open_checkout, start_checkout
from identity.models import User
from orgs.models import Membership, Organization
from orgs.roles import Role
from platform_core import clock
from tenants.management.shuffletest.story import PRICES, Act, Moment, State, TrialEnd, choose, half

# The middle of a period: a renewal that was not paid is still asked for.
INTO_THE_MONTH = timedelta(days=2)
# A renewal's draft is final after an hour.
AFTER_RENEWAL = timedelta(hours=2)
BROKEN, WORKING = BY_TOKEN["chargeCustomerFail"], BY_TOKEN["visa"]
ASKING = BY_TOKEN["authenticationRequired"]
BANK = banks.BY_TOKEN["usBankAccount_success"]
# What is sold beside the plans by the month.
ADD_ON = "pages-add-on"
# Which of ten, and which of five.
ON_TRIAL, FROM_THE_BANK = (2, 6), 3


@dataclass
class Life:
    """One buyer, their subscription at the provider, and what must have become of it."""

    email: str
    state: State
    subscription_id: str = ""
    customer_id: str = ""
    # Nobody, where a guest buys.
    organization: Organization | None = None
    owner: User | None = None
    # Whether it began with one of our checkouts, and what that was for.
    bought_minor: int | None = None

    def buy(self) -> None:
        """Choose a plan and pay on the hosted page."""
        plan = Plan.objects.get(code=self.state.plan)
        email = "" if self.organization else self.email
        self._pay(start_checkout(carts.of_plan(plan), organization=self.organization, by=self.owner, email=email))
        self.state.begin_period("subscription_create")
        self.bought_minor = self.state.price

    def _pay(self, purchase: CheckoutSession) -> None:
        session = hosted_page.pay(purchase.provider_session_id, hosted_page.Payer(email=self.email))
        self.customer_id = session["customer"]
        self.subscription_id = self.subscription_id or session["subscription"]

    def try_out(self, end: TrialEnd, until: int) -> None:
        """A trial, which somebody at the provider's own pages gave to a customer of ours."""
        assert self.organization is not None  # noqa: S101 - a guest is no customer yet
        self.customer_id = accounts.customer_of(self.organization)
        if end is TrialEnd.CHARGE:
            self._replace_card(WORKING)
        missing = end.value if end is not TrialEnd.CHARGE else "cancel"
        given: Any = {
            "customer": self.customer_id,
            "items": [{"price": _price(self.state.plan)}],
            "trial_end": until,
            "trial_settings": {"end_behavior": {"missing_payment_method": missing}},
        }
        self.subscription_id = build_client().v1.subscriptions.create(given).id
        self.state.begin_trial(end)

    def pay_from_the_bank(self) -> None:
        """From now on a bank account is debited."""
        self._replace_card(BANK)
        self.state.by_debit = True

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
            case Act.SEATS | Act.CONFIRMED | Act.LAPSED:
                return self._have_seats(act, seats)
            case Act.MORE_ADD_ONS | Act.NO_ADD_ONS:
                return self._add(self.state.add_ons + 1 if act is Act.MORE_ADD_ONS else 0)
            case Act.DOWNGRADE:
                self._change(plan="pages-team", seats=self.state.seats, prorate="none")
            case Act.BREAK_CARD | Act.MEND_CARD:
                self._change_card(mend=act is Act.MEND_CARD)
            case Act.GIVE_NOTICE | Act.RESUME:
                api.update(self.subscription_id, {"cancel_at_period_end": act is Act.GIVE_NOTICE})
            case Act.CANCEL:
                api.cancel(self.subscription_id)
            case _:
                self._move_money(act)
        return None

    def _move_money(self, act: Act) -> None:
        match act:
            case Act.BUY_ONCE:
                self._buy_once()
            case Act.REFUND:
                amount = half(self.state.at_hand_minor)
                build_client().v1.refunds.create({"payment_intent": self._last_payment(), "amount": amount})
            case Act.WIN_DISPUTE | Act.LOSE_DISPUTE:
                self._dispute(WINNING if act is Act.WIN_DISPUTE else LOSING)

    def _last_payment(self) -> str:
        last = Record.objects.filter(kind="invoice", subscription=self.subscription_id).latest("sequence")
        found: str = Record.objects.get(kind="invoice_payment", invoice=last.object_id).payment_intent
        return found

    def _dispute(self, evidence: str) -> None:
        """The bank takes a payment back, hears us, and decides."""
        charge = Record.objects.filter(kind="charge", payment_intent=self._last_payment()).latest("sequence")
        with books.writing() as account:
            dispute = disputing.begin(account, account.get("charge", charge.object_id), "fraudulent")
        given: Any = {"evidence": {"uncategorized_text": evidence}, "submit": True}
        build_client().v1.disputes.update(dispute["id"], given)

    def _buy_once(self) -> None:
        price = Price.objects.get(kind=Price.Kind.ONE_OFF)
        wishes = {"organization": self.organization, "created_by": self.owner, "email": ""}
        pages = {"success_url": "https://shuffletest.example/", "cancel_url": "https://shuffletest.example/"}
        self._pay(open_checkout(Cart(Item(price)), wishes | pages))

    def _change(
        self, *, plan: str, seats: int, prorate: str = "always_invoice", behavior: str = "allow_incomplete"
    ) -> Moment:
        api, item = build_client().v1.subscriptions, self._item()
        given: Any = {
            "items": [{"id": item["id"], "price": _price(plan), "quantity": seats}],
            "proration_behavior": prorate,
            "payment_behavior": behavior,
            "expand": ["latest_invoice"],
        }
        changed = api.update(self.subscription_id, given)
        made_at = changed.to_dict()["latest_invoice"]["created"]
        return Moment(made_at, item["current_period_start"], item["current_period_end"])

    def _have_seats(self, act: Act, seats: int) -> Moment:
        """At once; or the card must be confirmed: as soon as it is, and if it is not, it stays as it was."""
        if act is Act.SEATS:
            return self._change(plan=self.state.plan, seats=seats)
        self._replace_card(ASKING)
        moment = self._change(plan=self.state.plan, seats=seats, behavior="pending_if_incomplete")
        if act is Act.CONFIRMED:
            with books.writing() as account:
                last = Record.objects.filter(kind="invoice", subscription=self.subscription_id).latest("sequence")
                charging.collect(account, account.get("invoice", last.object_id), confirmed=True)
        self._replace_card(WORKING)
        return moment

    def _add(self, count: int) -> Moment:
        """So many add-ons beside the plan: more is paid for at once, and for none nothing is paid back."""
        api, items = build_client().v1.subscriptions, self._items()
        of = [item for item in items if item["price"]["id"] == _price(ADD_ON)]
        which: dict[str, Any] = {"id": of[0]["id"]} if of else {"price": _price(ADD_ON)}
        given: Any = {
            "items": [{**which, **({"quantity": count} if count else {"deleted": True})}],
            "proration_behavior": "always_invoice" if count else "none",
            "expand": ["latest_invoice"],
        }
        changed = api.update(self.subscription_id, given)
        made_at = changed.to_dict()["latest_invoice"]["created"]
        return Moment(made_at, items[0]["current_period_start"], items[0]["current_period_end"])

    def _items(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (
            build_client().v1.subscriptions.retrieve(self.subscription_id).to_dict()["items"]["data"]
        )
        return found

    def _item(self) -> dict[str, Any]:
        """The plan's, in whichever order they are told."""
        return next(item for item in self._items() if item["price"]["id"] != _price(ADD_ON))

    def _change_card(self, *, mend: bool) -> None:
        """A card that can be saved and then declines, or one that works and pays what is open."""
        self._replace_card(WORKING if mend else BROKEN)
        if mend:
            of = Record.objects.filter(kind="invoice", status="open", subscription=self.subscription_id)
            build_client().v1.invoices.pay(of.latest("sequence").object_id)

    def _replace_card(self, found: TestCard | TestAccount) -> None:
        with books.writing() as account:
            wallet.replace_card(account, account.get("customer", self.customer_id), found)


def _price(plan: str) -> str:
    found: str = Plan.objects.get(code=plan).prices.get(kind="recurring").provider_price_id
    return found


def begin(count: int, chance: random.Random) -> list[Life]:
    """So many buyers: every second a guest, of five one on trial, and one who pays from a bank account."""
    clock.refresh()
    plans = list(PRICES)
    lives = [Life(f"buyer{number}@shuffletest.example", State(chance.choice(plans))) for number in range(count)]
    for number, life in enumerate(lives):
        if number % 2 == 0:
            life.organization, life.owner = _company(number, life.email)
            life.state.is_known = True
        if number % 10 in ON_TRIAL:
            # With the others' first renewal, so that a month is a month for all.
            until = Record.objects.get(object_id=lives[0].subscription_id).data["_period_end"]
            life.try_out(chance.choice(list(TrialEnd)), until)
            continue
        life.buy()
        if number % 5 == FROM_THE_BANK:
            life.pay_from_the_bank()
    return lives


def _company(number: int, email: str) -> tuple[Organization, User]:
    """Whose owner never signs in: no password is hashed."""
    owner = User.objects.create(email=email)
    organization = Organization.objects.create(name=f"Company {number}", slug=f"company-{number}", billing_email=email)
    Membership.objects.create(organization=organization, user=owner, role=Role.OWNER)
    return organization, owner


def go_into_the_month(lives: list[Life], turn: int) -> None:
    """The provider's clock moves on by days; after four of them a debit has arrived."""
    sandbox_clock.advance(by=INTO_THE_MONTH)
    for life in lives if turn else ():
        life.state.debits_arrive("subscription_cycle")


def end_month(lives: list[Life]) -> None:
    """The provider's clock moves past every renewal, to where its invoices are final."""
    running = Record.objects.filter(kind="subscription").exclude(status__in=("canceled", "incomplete_expired"))
    ends = max((record.data["_period_end"] for record in running), default=0)
    now = sandbox_clock.now()
    wait = timedelta(seconds=max(0, ends - now.timestamp())) + AFTER_RENEWAL
    sandbox_clock.advance(by=wait)
    for life in lives:
        life.state.end_month()
