"""A customer's balance at the provider that is not what it should be becomes so with one click, and once."""

from collections.abc import Mapping
from datetime import timedelta

import pytest

from billing.models import Invoice, ReconciliationFinding, Subscription, WalletGrant
from billing.providers.sandbox.faults import Fault, injected
from billing.providers.stripe.client import build_client
from billing.providers.stripe.provider import StripeProvider
from billing.services import accounts, balances, bookkeeping, changes, findings, placing, reconciliation
from billing.services.ledger import Account, balance
from billing.services.proposals import Asked, Timing
from identity.models import User
from orgs.models import Organization
from platform_core.errors import Conflict
from platform_core.models import AuditEvent
from tests import make
from tests.billing import month, shop
from tests.billing.changing import customer, proposed
from tests.billing.services.test_placing import MOVES, give, sound, state, there
from tests.billing.services.test_placing_bounds import own_credit


@pytest.fixture
def by() -> User:
    return make.user(is_staff=True)


def differing(by_hand: int) -> tuple[Organization, ReconciliationFinding]:
    """1,000 of ours stand there, and somebody entered so much more."""
    organization = month.subscribed().organization
    give(organization, 1_000)
    placing.place_all()
    month.pass_to(month.BOUGHT.replace(day=3))
    own_credit(organization, by_hand)
    reconciliation.run()
    return organization, ReconciliationFinding.objects.get(resolved_at=None)


@pytest.mark.parametrize("by_hand", [500, -300])
def test_ours_is_sent(by_hand: int, by: User) -> None:
    organization, finding = differing(by_hand)
    assert finding.fields["credits_minor"] == [1_000, 1_000 + by_hand]

    findings.push(finding, by=by)

    assert (there(organization), state()) == (1_000, (1_000, 1_000))
    finding.refresh_from_db()
    assert (finding.resolution, finding.resolved_by) == ("pushed", by)
    reconciliation.run()
    assert not ReconciliationFinding.objects.filter(resolved_at=None).exists()
    assert sound()


def test_an_answer_that_was_lost_sends_it_once(by: User) -> None:
    organization, finding = differing(500)
    path = f"{MOVES}{accounts.customer_of(organization)}"
    with injected(Fault.TIMEOUT_AFTER, method="POST", path=path, times=9), pytest.raises(Exception, match="answer"):
        findings.push(finding, by=by)

    findings.push(finding, by=by)

    assert there(organization) == 1_000


def test_theirs_are_credits_from_now_on(by: User) -> None:
    organization, finding = differing(500)

    findings.take(finding, by=by)

    finding.refresh_from_db()
    assert (finding.resolution, state(), there(organization)) == ("taken", (1_500, 1_500), 1_500)
    grant = WalletGrant.objects.get(amount_minor=500)
    assert (grant.kind, grant.granted_by, grant.remaining_minor) == ("promotion", by, 500)
    assert balance(Account.WALLET, "usd", organization.pk) == -1_500
    assert AuditEvent.objects.filter(action="wallet.grant", actor_id=str(by.pk)).count() == 1
    # Asked a second time, as after a crash before the finding was settled.
    ReconciliationFinding.objects.update(resolved_at=None, resolution="", resolved_by=None)
    findings.take(finding, by=by)
    assert state() == (1_500, 1_500)
    reconciliation.run()
    assert not ReconciliationFinding.objects.filter(resolved_at=None).exists()
    # What was entered since is another finding's.
    own_credit(organization, 200)
    ReconciliationFinding.objects.update(resolved_at=None, resolution="", resolved_by=None)
    findings.take(finding, by=by)
    assert (state(), there(organization)) == ((1_500, 1_500), 1_700)
    own_credit(organization, -200)
    reconciliation.run()
    assert not ReconciliationFinding.objects.filter(resolved_at=None).exists()
    assert sound()


def test_less_than_ours_cannot_be_taken_over(by: User) -> None:
    organization, finding = differing(-300)

    with pytest.raises(Conflict, match="less than it should"):
        findings.take(finding, by=by)

    finding.refresh_from_db()
    assert (finding.resolved_at, state(), there(organization)) == (None, (1_000, 1_000), 700)


def test_while_credits_are_on_their_way_neither_is_done(by: User) -> None:
    organization, finding = differing(500)
    give(organization, 70, "more")
    path = f"{MOVES}{accounts.customer_of(organization)}"
    with injected(Fault.TIMEOUT_BEFORE, method="POST", path=path, times=9):
        placing.place_all()

    for settle in (findings.push, findings.take):
        with pytest.raises(Conflict, match="on their way"):
            settle(finding, by=by)

    assert there(organization) == 1_500


def test_while_an_event_waits_that_may_tell_of_credits_neither_is_done(by: User) -> None:
    organization, finding = differing(500)
    waiting = Subscription.objects.get().provider_subscription_id
    build_client().v1.subscriptions.update(waiting, {"metadata": {"any": "thing"}})
    shop.deliver()

    for settle in (findings.push, findings.take):
        with pytest.raises(Conflict, match="on their way"):
            settle(finding, by=by)

    assert (there(organization), state()) == (1_500, (1_000, 1_000))


def test_what_changes_while_it_is_looked_at_is_looked_at_again(by: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else what is placed between two of the questions would be placed twice."""
    organization, finding = differing(500)
    read = StripeProvider.balance_used

    for settle in (findings.push, findings.take):

        def meanwhile(
            self: StripeProvider, customer_id: str, *, before: str = "", key: str = settle.__name__
        ) -> Mapping[str, int]:
            monkeypatch.undo()
            give(organization, 200, key)
            placing.place_all()
            return read(self, customer_id, before=before)

        monkeypatch.setattr(StripeProvider, "balance_used", meanwhile)
        with pytest.raises(Conflict, match="on their way"):
            settle(finding, by=by)

    assert (there(organization), state()) == (1_900, (1_400, 1_400))
    findings.push(finding, by=by)
    assert (there(organization), state()) == (1_400, (1_400, 1_400))


def test_what_the_provider_carried_over_from_an_invoice_is_the_customers_and_no_finding(by: User) -> None:
    organization = customer("hosting-pro").organization
    changes.change_plan(proposed("hosting-starter", timing=Timing.NOW), Asked(by, is_staff=True))
    shop.catch_up()
    own = there(organization)
    assert own > 0

    reconciliation.run()

    assert not ReconciliationFinding.objects.exists()
    own_credit(organization, 500)
    reconciliation.run()
    finding = ReconciliationFinding.objects.get()
    assert finding.fields["credits_minor"] == [own, own + 500]
    findings.push(finding, by=by)
    assert there(organization) == own


def test_what_was_given_back_after_credit_of_unknown_origin_was_used_is_the_customers_own(by: User) -> None:
    organization = customer("hosting-pro").organization
    own_credit(organization, 15_000)
    month.pass_to(month.RENEWAL + timedelta(hours=2))
    shop.catch_up()
    assert there(organization) == 2_100
    changes.change_plan(proposed("hosting-starter", timing=Timing.NOW), Asked(by, is_staff=True))
    shop.catch_up()
    given_back = there(organization) - 2_100
    assert given_back > 0

    reconciliation.run()

    finding = ReconciliationFinding.objects.get(resolved_at=None)
    assert finding.fields["credits_minor"] == [given_back, there(organization)]
    findings.push(finding, by=by)
    assert there(organization) == given_back


def test_what_was_too_small_to_collect_is_owed_there_and_no_finding() -> None:
    """Stripe collects nothing below its least amount: it marks the invoice paid and lets the customer owe it."""
    subscription = month.subscribed()
    small = make.invoice(subscription, provider_invoice_id="in_small", status="paid", total_minor=30, paid_minor=0)
    bookkeeping.post(bookkeeping.finalized(small))

    ours = [balances.expected_minor(subscription.organization_id, "usd", each) for each in (-30, -31, 0, 500)]

    assert ours == [-30, 0, 0, 0]


def test_where_the_books_do_not_add_up_neither_is_done(by: User) -> None:
    organization, finding = differing(500)
    Invoice.objects.update(paid_minor=1)

    for settle in (findings.push, findings.take):
        with pytest.raises(Conflict, match="do not add up"):
            settle(finding, by=by)

    assert (there(organization), state()) == (1_500, (1_000, 1_000))


def test_what_an_invoice_used_of_it_is_not_taken_over_again(by: User) -> None:
    organization, finding = differing(15_000)
    month.pass_to(month.RENEWAL + timedelta(hours=2))
    shop.catch_up()
    assert (Invoice.objects.latest("issued_at").carried_minor, state(), there(organization)) == (11_900, (0, 0), 3_100)

    findings.take(finding, by=by)

    assert (state(), there(organization)) == ((3_100, 3_100), 3_100)


def test_nothing_is_sent_where_both_say_the_same_by_now(by: User) -> None:
    organization, finding = differing(500)
    own_credit(organization, -500)

    findings.push(finding, by=by)

    assert (there(organization), finding.resolution) == (1_000, "")
    finding.refresh_from_db()
    assert finding.resolution == "pushed"
