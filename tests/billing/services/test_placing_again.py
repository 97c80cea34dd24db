"""A customer who is deleted at the provider and made again has the credits again, once."""

from datetime import timedelta

from billing.models import Invoice, ReconciliationFinding, Subscription, Wallet, WalletTransfer
from billing.providers import provider
from billing.providers.sandbox.faults import Fault, injected
from billing.services import accounts, findings, placing, wallet
from orgs.models import Organization
from platform_core.models import AuditEvent
from tests import make
from tests.billing import month, shop
from tests.billing.cards import CANNOT_PAY, set_card
from tests.billing.providers.sandbox.shop import client
from tests.billing.services.test_placing import MOVES, give, renewed, sound, state, there


def deleted(organization: Organization) -> ReconciliationFinding:
    customer_id = accounts.customer_of(organization)
    client().v1.customers.delete(customer_id)
    return make.reconciliation_finding(
        object_kind="customer", object_id=customer_id, kind="missing_there", organization=organization
    )


def test_a_customer_who_is_made_again_has_the_credits_again() -> None:
    organization = month.subscribed().organization
    give(organization, 20_000)
    wallet.held(organization.pk, "eur")
    placing.place_all()
    finding = deleted(organization)

    findings.push(finding, by=make.user(is_staff=True))

    dollars = Wallet.objects.get(currency="usd")
    assert (dollars.balance_minor, dollars.placed_minor, there(organization)) == (20_000, 0, 0)
    told = AuditEvent.objects.get(action="wallet.forget")
    assert (told.target_id, told.changes) == (str(dollars.pk), {"placed_minor": [20_000, 0]})
    assert placing.place_all() == {"moved": 1, "failed": 0}
    dollars.refresh_from_db()
    assert (dollars.balance_minor, dollars.placed_minor, there(organization)) == (20_000, 20_000, 20_000)


def test_what_was_on_its_way_to_a_deleted_customer_goes_to_the_new_one_once() -> None:
    organization = month.subscribed().organization
    grant = give(organization, 5_000)
    path = f"{MOVES}{accounts.customer_of(organization)}"
    with injected(Fault.TIMEOUT_BEFORE, method="POST", path=path, times=9):
        placing.place_all()
    finding = deleted(organization)

    findings.push(finding, by=make.user(is_staff=True))

    assert state() == (5_000, 0)
    assert [(row.status, row.failure) for row in WalletTransfer.objects.all()] == [("failed", placing.GONE)]
    assert placing.place_all() == {"moved": 1, "failed": 0}
    assert (state(), there(organization)) == ((5_000, 5_000), 5_000)
    # Asked a second time, as after a crash between the customer and the finding.
    ReconciliationFinding.objects.update(resolved_at=None, resolution="", resolved_by=None)
    findings.push(finding, by=make.user(is_staff=True))
    assert state() == (5_000, 5_000)
    assert placing.take_back(grant, by=None) == 5_000
    assert (state(), there(organization)) == ((0, 0), 0)


def test_what_a_deleted_customer_was_refused_goes_to_the_new_one_at_once() -> None:
    organization = month.subscribed().organization
    give(organization, 5_000)
    finding = deleted(organization)
    assert placing.place_all() == {"moved": 0, "failed": 1}

    findings.push(finding, by=make.user(is_staff=True))

    assert placing.place_all() == {"moved": 1, "failed": 0}
    assert (state(), there(organization)) == ((5_000, 5_000), 5_000)


def used_by_an_unpaid_renewal() -> Subscription:
    """5,000 stood there, of the renewal's 12,900 the rest is owed; the customer is then deleted and made again."""
    subscription = month.subscribed()
    give(subscription.organization, 5_000)
    placing.place_all()
    set_card(subscription, CANNOT_PAY)
    return subscription


def test_what_a_deleted_customers_void_invoice_gives_back_is_here_and_goes_to_the_new_one() -> None:
    organization = used_by_an_unpaid_renewal().organization
    invoice = renewed()
    assert (invoice.wallet_minor, state(), there(organization)) == (5_000, (0, 0), 0)
    findings.push(deleted(organization), by=make.user(is_staff=True))

    provider().void_invoice(invoice.provider_invoice_id, key="theirs")
    shop.catch_up()

    invoice.refresh_from_db()
    assert (invoice.status, invoice.wallet_minor) == ("void", 0)
    assert (state(), there(organization)) == ((5_000, 0), 0)
    assert placing.place_all() == {"moved": 1, "failed": 0}
    assert (state(), there(organization)) == ((5_000, 5_000), 5_000)
    assert sound()


def test_what_a_deleted_customers_invoice_used_unheard_is_used_once() -> None:
    organization = used_by_an_unpaid_renewal().organization
    month.pass_to(month.RENEWAL + timedelta(hours=1, minutes=5))
    findings.push(deleted(organization), by=make.user(is_staff=True))
    assert state() == (5_000, 0)

    shop.catch_up()

    invoice = Invoice.objects.latest("issued_at", "pk")
    assert (invoice.wallet_minor, invoice.carried_minor, state()) == (5_000, 0, (0, 0))
    assert placing.place_all() == {"moved": 0, "failed": 0}
    assert there(organization) == 0
    assert sound()
