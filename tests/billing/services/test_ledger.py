"""Double entry: sums of zero, each fact once, nothing ever changed."""

from collections import Counter
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from billing.ledger_guard import NAME
from billing.models import LedgerAccount, LedgerEntry, LedgerTransaction
from billing.services import ledger
from billing.services.ledger import Account, Kind, OutsideTransaction, Posting, Rewritten, Unbalanced
from orgs.models import Organization
from platform_core import scoping
from tests import make

SALE: dict[Account, int] = {Account.RECEIVABLE: 119, Account.REVENUE: -100, Account.TAX_PAYABLE: -19}


def posting(organization: Organization, key: str = "sale", amounts: Any = None, currency: str = "usd") -> Posting:
    return Posting(
        key=key,
        kind=Kind.INVOICE,
        source=organization,
        organization_id=organization.pk,
        currency=currency,
        amounts=SALE if amounts is None else amounts,
    )


def test_a_fact_is_posted_once(organization: Organization) -> None:
    assert ledger.post(posting(organization)) is True
    assert ledger.post(posting(organization)) is False

    assert LedgerTransaction.objects.count() == 1
    assert {entry.account.kind: entry.amount_minor for entry in LedgerEntry.objects.all()} == SALE
    assert ledger.balance(Account.RECEIVABLE, "usd", organization.pk) == 119
    assert ledger.balance(Account.REVENUE, "usd") == -100
    assert LedgerAccount.objects.get(kind="revenue").organization_id is None


def test_a_fact_that_is_told_otherwise_is_refused(organization: Organization) -> None:
    ledger.post(posting(organization))

    with pytest.raises(Rewritten, match="sale"):
        ledger.post(posting(organization, amounts={Account.RECEIVABLE: 1, Account.REVENUE: -1}))
    with pytest.raises(Rewritten):
        ledger.post(posting(organization, currency="eur"))

    assert LedgerEntry.objects.count() == 3


def test_what_does_not_sum_to_zero_is_refused_and_what_moves_nothing_leaves_no_trace(
    organization: Organization,
) -> None:
    with pytest.raises(Unbalanced):
        ledger.post(posting(organization, amounts={Account.RECEIVABLE: 2, Account.REVENUE: -1}))
    assert ledger.post(posting(organization, amounts={Account.RECEIVABLE: 0})) is False

    assert not LedgerTransaction.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_it_commits_with_the_fact_or_not_at_all(organization: Organization) -> None:
    with pytest.raises(OutsideTransaction):
        ledger.post(posting(organization))


def test_within_an_organizations_scope_the_companys_accounts_are_found(organization: Organization) -> None:
    with scoping.organization(organization.pk):
        ledger.post(posting(organization))
        ledger.post(posting(organization, "another"))
        assert ledger.balance(Account.REVENUE, "usd") == -200
        assert LedgerAccount.objects.count() == 1


@pytest.mark.parametrize("model", [LedgerTransaction, LedgerEntry], ids=lambda model: model.__name__)
def test_the_database_refuses_to_change_or_delete(organization: Organization, model: Any) -> None:
    ledger.post(posting(organization))

    for change in (lambda: model.objects.update(created_at=organization.created_at), lambda: _raw_delete(model)):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            change()

    assert LedgerEntry.objects.count() == 3


def _raw_delete(model: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {model._meta.db_table}")  # noqa: S608 - a name of ours


@pytest.mark.postgres
def test_postgresql_itself_refuses_what_does_not_sum_to_zero(organization: Organization) -> None:
    ledger.post(posting(organization))
    account = LedgerAccount.objects.get(kind="revenue")
    row = LedgerTransaction.objects.get()
    with connection.cursor() as cursor:
        cursor.execute(f"SET CONSTRAINTS {NAME} IMMEDIATE")

    for amount in (1, -1):
        with pytest.raises(IntegrityError, match="sum to zero"), transaction.atomic():
            LedgerEntry.objects.create(transaction=row, account=account, currency="usd", amount_minor=amount)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("amounts", [[], [5], [5, -4], [5, -5, 1]], ids=str)
def test_the_database_refuses_to_commit_what_is_empty_or_uneven(amounts: list[int]) -> None:
    organization = make.organization()
    with transaction.atomic():
        ledger.post(posting(organization))
    accounts = list(LedgerAccount.objects.all())

    with pytest.raises(IntegrityError):
        _write(organization, accounts, amounts)

    assert LedgerTransaction.objects.count() == 1


@transaction.atomic
def _write(organization: Organization, accounts: list[LedgerAccount], amounts: list[int]) -> None:
    """A fact with these entries, past the service."""
    row = LedgerTransaction.objects.create(
        organization=organization,
        kind=Kind.FEE,
        idempotency_key="uneven",
        occurred_at=organization.created_at,
        source_type="x",
        source_id=uuid4(),
    )
    for account, amount in zip(accounts, amounts, strict=False):
        LedgerEntry.objects.create(transaction=row, account=account, currency="usd", amount_minor=amount)


KINDS = [kind for kind in Account if kind not in LedgerAccount.OWNED]


@st.composite
def facts(draw: st.DrawFn) -> tuple[int, str, str, dict[Account, int]]:
    """Whose, its key, its currency, and what it moves: any amounts that sum to zero."""
    kinds = draw(st.lists(st.sampled_from(list(Account)), min_size=2, max_size=4, unique=True))
    amounts = draw(st.lists(st.integers(-(10**12), 10**12), min_size=len(kinds) - 1, max_size=len(kinds) - 1))
    moved = dict(zip(kinds, [*amounts, -sum(amounts)], strict=True))
    return draw(st.integers(0, 1)), draw(st.uuids()).hex, draw(st.sampled_from(["usd", "jpy"])), moved


@given(st.lists(facts(), max_size=8, unique_by=lambda fact: fact[1]), st.randoms(use_true_random=False))
def test_any_facts_in_any_order_with_repeats_are_a_straight_sum(told: list[Any], random: Any) -> None:
    # Another example may tell other facts of the same key.
    with transaction.atomic():
        owners = [make.organization(), make.organization()]
        before = LedgerEntry.objects.balances()
        order = [*told, *(random.choice(told) for _ in range(len(told)))]
        random.shuffle(order)

        for owner, key, currency, amounts in order:
            ledger.post(posting(owners[owner], key, amounts, currency))

        expected: Counter[tuple[UUID | None, str, str]] = Counter(before)
        for owner, _, currency, amounts in told:
            for kind, amount in amounts.items():
                expected[owners[owner].pk if kind in LedgerAccount.OWNED else None, kind.value, currency] += amount
        found = LedgerEntry.objects.balances()
        assert {key: amount for key, amount in found.items() if amount} == {k: v for k, v in expected.items() if v}
        assert sum(found.values()) == 0
        connection.check_constraints()
        transaction.set_rollback(True)
