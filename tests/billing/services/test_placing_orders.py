"""Whatever happens in whichever order: each unit of credit pays once, and both sides agree in the end."""

from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from billing import conservation
from billing.models import Invoice
from billing.providers import provider
from billing.providers.sandbox.faults import Fault, injected
from billing.services import accounts, finalizing, invoice_verification, invoices, placing, wallet
from billing.services.ledger import Account, balance
from orgs.models import Organization
from platform_core import clock
from tests import make
from tests.billing.providers.sandbox.shop import client
from tests.billing.services.test_placing import MOVES, give
from tests.clocks import at

steps = st.lists(
    st.one_of(
        st.tuples(st.just("grant"), st.integers(1, 3_000), st.integers(0, 3)),
        st.tuples(st.just("place"), st.sampled_from(["", "lost", "lost after"]), st.just(0)),
        st.tuples(st.just("own"), st.integers(1, 2_000), st.just(0)),
        st.tuples(st.just("theirs"), st.integers(1, 2_000), st.booleans()),
        st.tuples(st.just("pass"), st.integers(1, 3), st.just(0)),
    ),
    max_size=8,
)


@given(steps)
def test_each_unit_pays_once_and_both_sides_agree(life: list[tuple[str, Any, Any]]) -> None:
    organization, start, day = make.organization(), clock.now(), 0
    customer = accounts.customer_of(organization)
    # One who pays in dollars.
    make.draft(organization)
    for number, (verb, value, more) in enumerate(life):
        with at(start + timedelta(days=day)):
            if verb == "grant":
                until = start + timedelta(days=day + more) if more else None
                give(organization, value, f"{organization.pk}:{number}", expires_at=until)
            elif verb == "pass":
                day += value
            else:
                move(verb, value, organization, customer, is_void=bool(more))
    with at(start + timedelta(days=day)):
        for _ in range(3):
            placing.place_all()

    row = wallet.held(organization.pk, "usd")
    assert row.balance_minor == row.placed_minor == -provider().customer(customer).balance_minor
    assert row.balance_minor == sum(row.grants.values_list("remaining_minor", flat=True))
    assert row.balance_minor == -balance(Account.WALLET, "usd", organization.pk)
    for found in Invoice.objects.filter(organization=organization):
        assert 0 <= found.wallet_minor <= found.total_minor
    assert list(invoice_verification.of_ledger()) == []
    assert all(found.holds for found in conservation.report(organization.pk))


def move(verb: str, value: Any, organization: Organization, customer: str, *, is_void: bool) -> None:
    if verb == "own":
        finalizing.finalize(make.draft(organization, value))
    elif verb == "theirs":
        ask_there(organization, customer, value, is_void=is_void)
    elif value:
        fault = Fault.TIMEOUT_AFTER if value == "lost after" else Fault.TIMEOUT_BEFORE
        with injected(fault, method="POST", path=f"{MOVES}{customer}", times=9):
            placing.place_all()
    else:
        placing.place_all()


def ask_there(organization: Organization, customer: str, amount: int, *, is_void: bool) -> None:
    """An invoice that the provider makes for the customer, and maybe takes back where it is not paid by then."""
    api = client().v1
    made = api.invoices.create({"customer": customer, "auto_advance": False})
    api.invoice_items.create({"customer": customer, "invoice": made.id, "amount": amount, "currency": "usd"})
    told = provider().finalize_invoice(made.id, key=f"f:{made.id}")
    invoices.apply(told, organization=organization, observed_at=clock.wall())
    if is_void and told.status == "open":
        told = provider().void_invoice(made.id, key=f"v:{made.id}")
        invoices.apply(told, organization=organization, observed_at=clock.wall())
