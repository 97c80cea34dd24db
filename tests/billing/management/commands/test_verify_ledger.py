"""`manage.py verify_ledger`."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from billing.models import LedgerAccount, LedgerEntry, LedgerTransaction, Wallet
from billing.services import finalizing, wallet
from orgs.models import Organization
from tests import make
from tests.billing import unguarded


def run() -> str:
    out = StringIO()
    call_command("verify_ledger", stdout=out)
    return out.getvalue()


def problems() -> list[str]:
    errors = StringIO()
    with pytest.raises(CommandError):
        call_command("verify_ledger", stderr=errors)
    return errors.getvalue().splitlines()


def test_even_books(organization: Organization) -> None:
    wallet.grant(organization.pk, "usd", wallet.Terms(500, "x"), key="k", by=None)
    finalizing.finalize(make.draft(organization))

    assert run() == "3 transactions of 6 entries: even\n"


def test_whatever_is_not_even_is_named(organization: Organization) -> None:
    finalizing.finalize(make.draft(organization))
    unguarded.ledger()
    row, account = LedgerTransaction.objects.get(), LedgerAccount.objects.get(kind="revenue")
    stray = LedgerEntry.objects.create(transaction=row, account=account, currency="eur", amount_minor=1)
    Wallet.objects.create(organization=organization, currency="usd", balance_minor=1)

    assert problems() == [
        f"Transaction {row.pk} sums to 1 eur",
        f"Entry {stray.pk} is in another currency than its account",
        f"Wallet of {organization.pk} in usd: 1, in the ledger 0",
    ]
