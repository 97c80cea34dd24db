"""What credits at the provider leave alone: the customer's own credit there, and the currency that they will pay in."""

from datetime import timedelta
from typing import Any

import pytest

from billing import conservation
from billing.models import Invoice, Plan, Wallet, WalletMovement, WalletTransfer
from billing.providers import provider
from billing.providers.sandbox.faults import Fault, injected
from billing.services import accounts, crediting, invoice_endings, placing, wallet
from billing.services.ledger import Account, balance
from billing.services.wallet import Terms
from orgs.models import Organization
from platform_core.errors import Conflict, InvalidInput
from tests import make
from tests.billing import month, shop
from tests.billing.cards import CANNOT_PAY, set_card
from tests.billing.providers.sandbox.shop import client
from tests.billing.services.test_own_invoices import known
from tests.billing.services.test_placing import MOVES, PRO, give, renewed, sound, state, there


def own_credit(organization: Organization, amount: int) -> None:
    """Credit of the customer's own, which the provider carries."""
    entry: Any = {"amount": -amount, "currency": "usd"}
    client().v1.customers.balance_transactions.create(accounts.customer_of(organization), entry)


def test_what_expires_leaves_the_customers_own_credit_where_it_is() -> None:
    organization = month.subscribed().organization
    give(organization, 10_000, expires_at=month.RENEWAL + timedelta(hours=1, minutes=2))
    placing.place_all()
    own_credit(organization, 5_000)
    month.pass_to(month.RENEWAL + timedelta(hours=1, minutes=5))
    assert there(organization) == 2_100
    # 10,000 of ours and 2,900 of the customer's were used; we have not heard of it.
    assert placing.place_all() == {"moved": 0, "failed": 0}

    shop.catch_up()

    invoice = Invoice.objects.latest("issued_at", "pk")
    assert (invoice.status, invoice.wallet_minor, invoice.carried_minor) == ("paid", 10_000, 2_900)
    assert (state(), there(organization)) == ((0, 0), 2_100)
    assert placing.place_all() == {"moved": 0, "failed": 0}


@pytest.mark.parametrize("heard_first", [False, True])
@pytest.mark.parametrize("own", [0, 5_000])
def test_what_an_invoice_used_just_before_it_was_fetched_is_used(own: int, heard_first: bool) -> None:
    organization = month.subscribed().organization
    give(organization, 10_000, expires_at=month.BOUGHT + timedelta(days=3))
    placing.place_all()
    if own:
        own_credit(organization, own)
    month.pass_to(month.BOUGHT + timedelta(days=4))
    # The balance is looked at, the request to fetch it gets lost, and an invoice becomes final before it is sent again.
    with injected(Fault.TIMEOUT_BEFORE, method="POST", path=f"{MOVES}{accounts.customer_of(organization)}", times=9):
        assert placing.place_all() == {"moved": 0, "failed": 1}
    month.pass_to(month.RENEWAL + timedelta(hours=1, minutes=5))
    if heard_first:
        shop.catch_up()
    paid = 0 if own else PRO - 10_000
    placing.place_all()

    assert there(organization) == max(0, 10_000 + own - PRO)
    shop.catch_up()

    invoice = Invoice.objects.latest("issued_at", "pk")
    assert (invoice.wallet_minor, invoice.carried_minor, invoice.paid_minor) == (10_000, min(own, 2_900), paid)
    assert (state(), there(organization)) == ((0, 0), max(0, own - 2_900))
    assert balance(Account.PROMOTIONS, "usd") == 10_000
    moved = WalletTransfer.objects.order_by("created_at", "pk").values_list("amount_minor", "status")
    assert list(moved) == [(10_000, "done"), (-10_000, "done"), (10_000, "done")]
    assert placing.place_all() == {"moved": 0, "failed": 0}
    if not own:
        assert sound()


def test_of_what_was_fetched_a_part_was_used_before_and_the_rest_expires() -> None:
    organization = month.subscribed(plan="hosting-starter").organization
    give(organization, 10_000, expires_at=month.BOUGHT + timedelta(days=3))
    placing.place_all()
    month.pass_to(month.BOUGHT + timedelta(days=4))
    with injected(Fault.TIMEOUT_BEFORE, method="POST", path=f"{MOVES}{accounts.customer_of(organization)}", times=9):
        placing.place_all()
    month.pass_to(month.RENEWAL + timedelta(hours=1, minutes=5))

    placing.place_all()

    assert (state(), there(organization)) == ((4_900, 4_900), 0)
    shop.catch_up()
    invoice = Invoice.objects.latest("issued_at", "pk")
    assert (invoice.wallet_minor, invoice.carried_minor, invoice.paid_minor) == (4_900, 0, 0)
    kinds = WalletMovement.objects.order_by("created_at", "pk").values_list("kind", "amount_minor")
    assert (list(kinds), state()) == ([("expiry", 5_100), ("burn", 4_900)], (0, 0))
    assert sound()


def test_staff_take_back_what_was_not_used_meanwhile_and_nothing_of_the_customers() -> None:
    organization = month.subscribed().organization
    grant = give(organization, 20_000)
    placing.place_all()
    own_credit(organization, 5_000)
    month.pass_to(month.RENEWAL + timedelta(hours=1, minutes=5))

    assert placing.take_back(grant, by=None) == 20_000 - PRO
    assert (state(), there(organization)) == ((PRO, PRO), 5_000)
    with pytest.raises(Conflict, match="just being used"):
        placing.take_back(grant, by=None)
    shop.catch_up()

    invoice = Invoice.objects.latest("issued_at", "pk")
    assert (invoice.wallet_minor, invoice.carried_minor, state()) == (PRO, 0, (0, 0))
    assert there(organization) == 5_000


def test_what_an_open_invoice_carried_is_neither_due_nor_credited_nor_given_up() -> None:
    subscription = month.subscribed()
    own_credit(subscription.organization, 3_000)
    set_card(subscription, CANNOT_PAY)
    invoice = renewed()
    assert (invoice.status, invoice.carried_minor, invoice.due_minor) == ("open", 3_000, 9_900)
    assert crediting.creditable_minor(invoice) == 9_900
    with pytest.raises(InvalidInput):
        crediting.credit(invoice, 9_901, reason="x", key="more", by=None)
    crediting.credit(invoice, 900, reason="x", key="c", by=None)

    ended = invoice_endings.write_off(invoice, reason="x", by=None)

    assert (ended.status, ended.written_off_minor, ended.unsettled_minor) == ("uncollectible", 9_000, 0)
    assert balance(Account.BAD_DEBT, "usd") == 9_000
    # What the customer had there came from nowhere here, and is all that differs.
    [row] = conservation.report()
    assert (row.difference_minor, row.carried_minor, row.receivable_minor) == (0, 3_000, 3_000)


def test_credits_do_not_decide_in_which_currency_a_customer_pays() -> None:
    organization = known()
    wallet.grant(organization.pk, "eur", Terms(500, "x"), key="e", by=None)
    assert placing.place_all() == {"moved": 0, "failed": 0}
    give(organization, 700)
    make.price(Plan.objects.get(code="hosting-pro"), currency="eur")
    # Two currencies are on sale: which one it will be, the customer decides.
    assert placing.place_all() == {"moved": 0, "failed": 0}
    assert not placing.place(Wallet.objects.get(currency="usd").pk)
    assert provider().customer(accounts.customer_of(organization)).currency == ""

    shop.checkout(organization)

    assert placing.place_all() == {"moved": 1, "failed": 0}
    assert dict(Wallet.objects.values_list("currency", "placed_minor")) == {"eur": 0, "usd": 700}
