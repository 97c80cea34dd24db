"""Credits pay what the provider asks for, before anything is charged: once, in order, and whatever answers are lost."""

from datetime import timedelta
from typing import Any

import pytest

from billing import conservation
from billing.models import (
    Invoice,
    Payment,
    Wallet,
    WalletGrant,
    WalletMovement,
    WalletTransfer,
)
from billing.providers import provider
from billing.providers.protocol import ProviderError
from billing.providers.sandbox.faults import Fault, injected
from billing.providers.sandbox.models import IdempotencyKey
from billing.services import (
    accounts,
    crediting,
    finalizing,
    invoice_verification,
    invoices,
    placing,
    wallet,
)
from billing.services.cycle import run_billing_cycle
from billing.services.ledger import Account, balance
from billing.services.wallet import Terms
from orgs.models import Organization
from platform_core import clock
from platform_core.errors import Conflict
from platform_core.models import AuditEvent
from platform_core.schedule import find
from tests import make
from tests.billing import changing, month, shop
from tests.billing.cards import CANNOT_PAY, set_card
from tests.billing.providers.sandbox.shop import client
from tests.billing.services.test_invoices import SEEN, applied, base_line, fact, subscribed
from tests.billing.services.test_own_invoices import known

PRO = 12_900
MOVES = "/v1/customers/"


def give(organization: Organization, amount: int, key: str = "k", **terms: Any) -> WalletGrant:
    return wallet.grant(organization.pk, "usd", Terms(amount, key, **terms), key=key, by=None)


def there(organization: Organization) -> int:
    """The customer's credit at the provider."""
    return -provider().customer(accounts.customer_of(organization)).balance_minor


def state() -> tuple[int, int]:
    row = Wallet.objects.get()
    return row.balance_minor, row.placed_minor


def sound() -> bool:
    found = [*invoice_verification.problems(), *invoice_verification.of_ledger()]
    assert found == []
    return all(row.holds for row in conservation.report())


def renewed() -> Invoice:
    """A month has passed, and everything is heard."""
    month.pass_to(month.RENEWAL + timedelta(hours=1, minutes=5))
    shop.catch_up()
    return Invoice.objects.latest("issued_at", "pk")


def charged() -> list[int]:
    return list(Payment.objects.order_by("created_at").values_list("amount_minor", flat=True))


def test_a_renewal_is_paid_by_credits_and_no_card_is_charged() -> None:
    organization = month.subscribed().organization
    give(organization, 20_000, kind=WalletGrant.Kind.PREPAID)

    assert find("wallet-placing").run() == {"moved": 1, "failed": 0}
    assert (state(), there(organization)) == ((20_000, 20_000), 20_000)
    assert placing.place_all() == {"moved": 0, "failed": 0}
    assert not placing.place(Wallet.objects.get().pk)
    invoice = renewed()

    assert (invoice.status, invoice.wallet_minor, invoice.paid_minor) == ("paid", PRO, 0)
    assert (invoice.carried_minor, invoice.unsettled_minor) == (0, 0)
    assert charged() == [PRO]
    assert (state(), there(organization)) == ((7_100, 7_100), 7_100)
    assert WalletMovement.objects.get().invoice == invoice
    assert AuditEvent.objects.get(action="wallet.transfer").changes == {"amount_minor": 20_000}
    assert balance(Account.RECEIVABLE, "usd", organization.pk) == 20_000
    assert balance(Account.WALLET, "usd", organization.pk) == -7_100
    assert invoice_verification.of_invoice(invoice) == []


def test_what_credits_do_not_cover_is_charged() -> None:
    organization = month.subscribed().organization
    give(organization, 5_000)
    placing.place_all()

    invoice = renewed()

    assert (invoice.status, invoice.wallet_minor, invoice.paid_minor) == ("paid", 5_000, 7_900)
    assert charged() == [PRO, 7_900]
    assert state() == (0, 0)
    assert sound()


def test_a_change_that_is_charged_at_once_uses_them_too() -> None:
    organization = changing.customer().organization
    give(organization, 50_000)
    placing.place_all()
    before = changing.charged()

    changing.upgraded()
    shop.catch_up()

    invoice = Invoice.objects.latest("issued_at", "pk")
    assert changing.charged() == before
    assert (invoice.status, invoice.wallet_minor) == ("paid", invoice.total_minor)
    assert state()[0] == there(organization) == 50_000 - invoice.total_minor > 0
    assert sound()


def test_they_are_used_in_order_and_what_expires_first_is_used_first() -> None:
    organization = month.subscribed().organization
    give(organization, 10_000, "never")
    give(organization, 10_000, "soon", expires_at=month.RENEWAL + timedelta(days=9))
    give(organization, 1_000, "first", priority=1)
    placing.place_all()

    renewed()

    left = dict(WalletGrant.objects.values_list("reason", "remaining_minor"))
    assert left == {"never": 8_100, "soon": 0, "first": 0}
    assert sound()


def test_what_expires_is_fetched_and_pays_nothing_any_more() -> None:
    organization = month.subscribed().organization
    give(organization, 5_000, "short", expires_at=month.BOUGHT + timedelta(days=3))
    give(organization, 1_000, "long")
    placing.place_all()
    month.pass_to(month.BOUGHT + timedelta(days=4))
    assert wallet.expire_all() == {"expired_minor": 0}

    assert placing.place_all() == {"moved": 1, "failed": 0}

    assert (state(), there(organization)) == ((1_000, 1_000), 1_000)
    assert balance(Account.PROMOTIONS, "usd") == 1_000
    assert renewed().wallet_minor == 1_000
    assert sound()


def test_what_was_used_before_it_could_be_fetched_is_used() -> None:
    organization = month.subscribed().organization
    give(organization, 5_000, expires_at=month.RENEWAL + timedelta(hours=1, minutes=2))
    placing.place_all()
    month.pass_to(month.RENEWAL + timedelta(hours=1, minutes=5))
    # Expired, and paid with a moment before; we have not heard of it.
    assert placing.place_all() == {"moved": 0, "failed": 0}
    assert state() == (5_000, 5_000)

    shop.catch_up()

    assert (Invoice.objects.latest("issued_at", "pk").wallet_minor, state()) == (5_000, (0, 0))
    assert sound()


@pytest.mark.parametrize("fault", [Fault.TIMEOUT_BEFORE, Fault.TIMEOUT_AFTER, Fault.SERVER_ERROR])
@pytest.mark.parametrize("forgotten", [False, True])
def test_an_answer_that_is_lost_is_asked_for_again_and_acts_once(fault: Fault, forgotten: bool) -> None:
    organization = month.subscribed().organization
    give(organization, 5_000)
    with injected(fault, method="POST", path=f"{MOVES}{accounts.customer_of(organization)}", times=9):
        assert placing.place_all() == {"moved": 0, "failed": 1}
    assert state() == (5_000, 5_000)
    if forgotten:
        IdempotencyKey.objects.all().delete()

    assert placing.place_all() == {"moved": 1, "failed": 0}

    assert (state(), there(organization)) == ((5_000, 5_000), 5_000)
    assert WalletTransfer.objects.get().status == "done"


def test_what_the_provider_refuses_stays_here_and_pays_invoices_of_ours(caplog: pytest.LogCaptureFixture) -> None:
    organization = month.subscribed().organization
    wallet.grant(organization.pk, "eur", Terms(5_000, "x"), key="k", by=None)
    make.draft(organization, 900, currency="eur")

    assert placing.place_all() == {"moved": 0, "failed": 1}
    assert placing.place_all() == {"moved": 0, "failed": 0}
    [refused] = [record for record in caplog.records if record.name == placing.__name__]
    assert (refused.levelname, refused.exc_info, "currency must be" in refused.message) == ("WARNING", None, True)

    row = WalletTransfer.objects.get()
    assert (row.status, "currency must be the customer's" in row.failure, row.currency) == ("failed", True, "eur")
    assert state() == (5_000, 0)
    assert finalizing.finalize(Invoice.objects.get(status="draft")).status == "paid"
    WalletTransfer.objects.update(created_at=clock.now() - placing.REST)
    assert placing.place_all() == {"moved": 0, "failed": 1}


def test_whoever_is_no_customer_there_keeps_them_here(organization: Organization) -> None:
    give(organization, 5_000)

    assert placing.place_all() == {"moved": 0, "failed": 0}

    assert (state(), WalletTransfer.objects.exists()) == ((5_000, 0), False)


def test_an_invoice_of_our_own_is_paid_by_what_stands_there() -> None:
    organization = known()
    give(organization, 1_000, "there")
    placing.place_all()
    give(organization, 500, "here")
    invoice = finalizing.finalize(make.draft(organization, 2_900))
    assert (invoice.wallet_minor, invoice.due_minor) == (500, 2_400)

    run_billing_cycle()
    shop.catch_up()

    invoice.refresh_from_db()
    assert (invoice.status, invoice.wallet_minor, invoice.paid_minor) == ("paid", 1_500, 1_400)
    assert (invoice.discrepancy, state()) == ("", (0, 0))
    assert sound()


def test_a_void_invoice_gives_them_back() -> None:
    subscription = month.subscribed()
    give(subscription.organization, 5_000)
    placing.place_all()
    set_card(subscription, CANNOT_PAY)
    invoice = renewed()
    assert (invoice.status, invoice.wallet_minor, invoice.due_minor) == ("open", 5_000, 7_900)

    provider().void_invoice(invoice.provider_invoice_id, key="theirs")
    shop.catch_up()

    invoice.refresh_from_db()
    assert (invoice.status, invoice.wallet_minor) == ("void", 0)
    assert (state(), there(subscription.organization)) == ((5_000, 5_000), 5_000)
    assert [row.kind for row in WalletMovement.objects.order_by("created_at", "pk")] == ["burn", "restore"]
    assert balance(Account.WALLET, "usd", subscription.organization_id) == -5_000
    assert sound()


def test_an_own_invoice_that_is_void_there_gives_back_what_it_used_there() -> None:
    organization = known(card="")
    give(organization, 1_000, "there")
    placing.place_all()
    give(organization, 500, "here")
    invoice = finalizing.finalize(make.draft(organization, 2_900))
    run_billing_cycle()
    invoice.refresh_from_db()
    assert (invoice.status, invoice.wallet_minor, invoice.due_minor) == ("open", 1_500, 1_400)

    provider().void_invoice(invoice.provider_invoice_id, key="theirs")
    shop.catch_up()

    invoice.refresh_from_db()
    assert (invoice.status, invoice.wallet_minor, invoice.written_off_minor) == ("uncollectible", 500, 2_400)
    assert state() == (1_000, 1_000)
    assert sound()


def test_what_the_provider_carried_over_is_no_credit_of_ours() -> None:
    subscription = subscribed()
    used = {"status": "paid", "paid_minor": 1_900, "paid_at": SEEN}
    given_ = fact(subscription, base_line(subscription), starting_balance_minor=-1_000, ending_balance_minor=0, **used)

    invoice = applied(given_, subscription)
    give(subscription.organization, 5_000)
    Wallet.objects.update(placed_minor=5_000)
    invoice = applied(given_, subscription, seen=SEEN + timedelta(minutes=1))

    assert (invoice.wallet_minor, invoice.carried_minor, invoice.balance_minor) == (0, 1_000, 1_000)
    assert state() == (5_000, 5_000)
    void = fact(subscription, base_line(subscription), status="void", starting_balance_minor=-1_000)
    assert applied(void, subscription, seen=SEEN + timedelta(minutes=2)).carried_minor == 0


def test_a_debt_that_the_provider_keeps_uses_no_credits() -> None:
    small = fact(None, status="paid", starting_balance_minor=0, ending_balance_minor=30, total_minor=30)

    assert invoices._balance_used(small) == 0


def test_staff_take_back_what_stands_there() -> None:
    organization = month.subscribed().organization
    grant = give(organization, 5_000, kind=WalletGrant.Kind.PREPAID)
    placing.place_all()
    other = give(organization, 100, "other")

    assert placing.take_back(grant, by=None) == 5_000

    assert (state(), there(organization)) == ((100, 100), 100)
    assert placing.take_back(other, by=None) == 100
    with pytest.raises(Conflict):
        placing.take_back(grant, by=None)


def test_what_is_on_its_way_arrives_before_it_is_fetched() -> None:
    organization = month.subscribed().organization
    grant = give(organization, 5_000)
    path = f"{MOVES}{accounts.customer_of(organization)}"
    with injected(Fault.TIMEOUT_BEFORE, method="POST", path=path, times=9):
        placing.place_all()
    with injected(Fault.TIMEOUT_BEFORE, method="POST", path=path, times=9), pytest.raises(ProviderError):
        placing.take_back(grant, by=None)

    assert placing.take_back(grant, by=None) == 5_000
    assert (state(), there(organization)) == ((0, 0), 0)


def test_of_two_that_hear_an_answer_one_writes_it_down() -> None:
    organization = month.subscribed().organization
    give(organization, 5_000)
    placing.place_all()
    row = WalletTransfer.objects.get()

    placing._answered(row, placing.Status.FAILED, failure="late")

    row.refresh_from_db()
    assert (row.status, row.failure, state()) == ("done", "", (5_000, 5_000))


def test_a_first_invoice_is_paid_by_them_at_checkout() -> None:
    organization = known()
    give(organization, 20_000)
    placing.place_all()

    shop.bought(organization)
    shop.catch_up()

    invoice = Invoice.objects.get()
    assert (invoice.status, invoice.wallet_minor, invoice.paid_minor) == ("paid", PRO, 0)
    assert (state(), there(organization), charged()) == ((7_100, 7_100), 7_100, [])
    assert sound()


def test_what_a_credit_note_put_there_pays_the_next_and_is_not_given_back_twice() -> None:
    subscription = month.subscribed()
    first = Invoice.objects.get()
    crediting.credit(first, 5_000, reason="x", key="c", by=None)
    placing.place_all()

    invoice = renewed()

    assert (invoice.wallet_minor, invoice.paid_minor, state()) == (5_000, 7_900, (0, 0))
    entries = client().v1.customers.balance_transactions.list(accounts.customer_of(subscription.organization)).data
    assert [(entry.type, entry.amount) for entry in entries] == [("applied_to_invoice", 5_000), ("adjustment", -5_000)]
    assert sound()
