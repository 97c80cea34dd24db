"""A customer who is deleted at the provider and made again has the credits again, once."""

from billing.models import ReconciliationFinding, Wallet, WalletTransfer
from billing.providers.sandbox.faults import Fault, injected
from billing.services import accounts, findings, placing, wallet
from orgs.models import Organization
from platform_core.models import AuditEvent
from tests import make
from tests.billing import month
from tests.billing.providers.sandbox.shop import client
from tests.billing.services.test_placing import MOVES, give, state, there


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
