"""Prepaid credits: in order, never more than there are, and the books say the same."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from billing.models import LedgerEntry, Wallet, WalletGrant, WalletMovement
from billing.services import finalizing, wallet
from billing.services.ledger import Account, balance
from billing.services.wallet import KeyReused, Terms
from orgs.models import Organization
from platform_core import clock
from platform_core.errors import Conflict, InvalidInput
from platform_core.models import AuditEvent
from tests import make
from tests.clocks import at
from tests.processes import race, shared_database

NOW = datetime(2026, 3, 1, 12, tzinfo=clock.wall().tzinfo)
DAY = timedelta(days=1)


@pytest.fixture
def give(organization: Organization) -> Callable[..., WalletGrant]:
    def granted(amount: int, key: str, **terms: Any) -> WalletGrant:
        return wallet.grant(organization.pk, "usd", Terms(amount, key, **terms), key=key, by=None)

    return granted


def spend(organization: Organization, amount: int) -> int:
    """An invoice of our own over so much; gives what of it credits paid."""
    return finalizing.finalize(make.draft(organization, amount)).wallet_minor


def left() -> dict[str, int]:
    return {grant.reason: grant.remaining_minor for grant in WalletGrant.objects.order_by("created_at")}


def books(organization: Organization) -> int:
    return -balance(Account.WALLET, "usd", organization.pk)


def test_a_grant_is_there_once_and_tells_who_and_why(organization: Organization) -> None:
    staff = make.user(is_staff=True)
    terms = Terms(5_000, "sorry for the outage")

    first = wallet.grant(organization.pk, "usd", terms, key="k", by=staff)
    again = wallet.grant(organization.pk, "usd", terms, key="k", by=staff)

    assert first == again
    assert (Wallet.objects.get().balance_minor, books(organization)) == (5_000, 5_000)
    assert balance(Account.PROMOTIONS, "usd") == 5_000
    event = AuditEvent.objects.get(action="wallet.grant")
    assert (event.actor_label, event.changes["reason"]) == (staff.email, "sorry for the outage")
    with pytest.raises(KeyReused):
        wallet.grant(organization.pk, "usd", Terms(1, "other"), key="k", by=staff)
    with pytest.raises(KeyReused):
        wallet.grant(organization.pk, "eur", terms, key="k", by=staff)


@pytest.mark.parametrize(
    ("field", "currency", "terms"),
    [
        ("amountMinor", "usd", Terms(0, "x")),
        ("amountMinor", "usd", Terms(-5, "x")),
        ("amountMinor", "usd", Terms(2**63, "x")),
        ("reason", "usd", Terms(5, "  ")),
        ("currency", "USD", Terms(5, "x")),
        ("currency", "us", Terms(5, "x")),
        ("currency", "ü$d", Terms(5, "x")),
        ("expiresAt", "usd", Terms(5, "x", expires_at=datetime(2020, 1, 1, tzinfo=NOW.tzinfo))),
    ],
)
def test_bad_input_names_its_field(organization: Organization, field: str, currency: str, terms: Terms) -> None:
    with pytest.raises(InvalidInput) as refused:
        wallet.grant(organization.pk, currency, terms, key="k", by=None)

    assert list(refused.value.details) == [field]
    assert not Wallet.objects.exists()


def test_priority_comes_before_expiry_before_age(organization: Organization, give: Callable[..., WalletGrant]) -> None:
    with at(NOW):
        give(100, "oldest")
        give(100, "later", expires_at=NOW + 9 * DAY)
        give(100, "sooner", expires_at=NOW + DAY)
        give(100, "first", priority=1)

        assert spend(organization, 250) == 250
        assert left() == {"oldest": 100, "later": 50, "sooner": 0, "first": 0}
        assert spend(organization, 1_000) == 150
        assert spend(organization, 1) == 0

    assert (Wallet.objects.get().balance_minor, books(organization)) == (0, 0)
    assert balance(Account.RECEIVABLE, "usd", organization.pk) == 1_251 - 400


def test_what_has_run_out_is_gone_by_the_clock(organization: Organization, give: Callable[..., WalletGrant]) -> None:
    with at(NOW):
        give(100, "short", expires_at=NOW + DAY)
        give(70, "bought", kind=WalletGrant.Kind.PREPAID, expires_at=NOW + DAY)
        give(30, "long")
    with at(NOW + DAY):
        assert wallet.expire_all() == {"expired_minor": 170}
        assert wallet.expire_all() == {"expired_minor": 0}

    assert (Wallet.objects.get().balance_minor, books(organization)) == (30, 30)
    assert balance(Account.PROMOTIONS, "usd") == 30
    assert balance(Account.REVENUE, "usd") == -70
    assert AuditEvent.objects.get(action="wallet.expire").changes == {"amount_minor": 170}


def test_what_ran_out_is_not_used_although_nobody_looked(
    organization: Organization, give: Callable[..., WalletGrant]
) -> None:
    with at(NOW):
        give(100, "short", expires_at=NOW + DAY)
    with at(NOW + DAY):
        assert spend(organization, 50) == 0

    assert left() == {"short": 0}


def test_what_was_not_used_goes_back(organization: Organization, give: Callable[..., WalletGrant]) -> None:
    bought = give(100, "bought", kind=WalletGrant.Kind.PREPAID)
    assert spend(organization, 30) == 30

    assert wallet.take_back(bought, by=None) == 70

    assert (Wallet.objects.get().balance_minor, books(organization)) == (0, 0)
    # What was bought in advance, and used, is to be paid.
    assert balance(Account.RECEIVABLE, "usd", organization.pk) == 30
    with pytest.raises(Conflict):
        wallet.take_back(bought, by=None)


def test_the_database_itself_keeps_it_from_going_below_zero(give: Callable[..., WalletGrant]) -> None:
    give(100, "only")

    for changes in ({"balance_minor": -1}, {"placed_minor": 101}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Wallet.objects.update(**changes)


steps = st.lists(
    st.one_of(
        st.tuples(st.just("grant"), st.integers(1, 500), st.integers(0, 3), st.integers(0, 4)),
        st.tuples(st.just("spend"), st.integers(1, 700)),
        st.tuples(st.just("pass"), st.integers(1, 3)),
    ),
    max_size=12,
)


@given(steps)
def test_grants_wallet_history_and_books_agree_whatever_happens(life: list[Any]) -> None:
    organization, day = make.organization(), 0
    for place, (verb, amount, *rest) in enumerate(life):
        with at(NOW + day * DAY):
            if verb == "grant":
                expires = NOW + (day + rest[1]) * DAY if rest[1] else None
                terms = Terms(amount, "x", priority=rest[0], expires_at=expires)
                wallet.grant(organization.pk, "usd", terms, key=f"{organization.pk}:{place}", by=None)
            elif verb == "spend":
                spend(organization, amount)
            else:
                day += amount
                wallet.expire_all()
    balances = Wallet.objects.filter(organization=organization).values_list("balance_minor", flat=True)
    grants = WalletGrant.objects.filter(wallet__organization=organization)
    moved = WalletMovement.objects.filter(grant__wallet__organization=organization)
    left_over = sum(grants.values_list("remaining_minor", flat=True))
    assert sum(balances) == left_over == books(organization)
    granted = sum(grants.values_list("amount_minor", flat=True))
    assert granted - sum(moved.values_list("amount_minor", flat=True)) == left_over
    assert sum(LedgerEntry.objects.values_list("amount_minor", flat=True)) == 0


@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_use_no_more_than_there_is(organization: Organization, tmp_path: Path) -> None:
    wallet.grant(organization.pk, "usd", Terms(1_000, "x"), key="k", by=None)

    with shared_database(tmp_path):
        used = race(20, lambda _: spend(organization, 70))

        assert sorted(used) == [0, 0, 0, 0, 0, 20, *[70] * 14]
        assert (Wallet.objects.get().balance_minor, books(organization)) == (0, 0)
