"""What was invoiced is accounted for, and what is not is shown."""

from billing import conservation
from billing.models import Invoice, WalletGrant
from billing.services import bookkeeping, crediting, finalizing, invoice_endings, wallet
from orgs.models import Organization
from tests import make
from tests.billing.services.test_invoices import applied, base_line, fact, subscribed
from tests.billing.services.test_payments import BACK, PAID, SEEN, told


def figures(organization: Organization) -> dict[str, int]:
    [row] = conservation.report(organization.pk)
    assert row.holds
    return {name: value for name, value in vars(row).items() if name.endswith("_minor") and value}


def test_everything_that_may_become_of_an_invoice(organization: Organization) -> None:
    wallet.grant(organization.pk, "usd", wallet.Terms(500, "x"), key="k", by=None)
    finalizing.finalize(make.draft(organization, 2_000))
    crediting.credit(finalizing.finalize(make.draft(organization, 1_000)), 300, reason="x", key="", by=None)
    invoice_endings.write_off(finalizing.finalize(make.draft(organization, 400)), reason="x", by=None)
    invoice_endings.void(finalizing.finalize(make.draft(organization, 9_999)), reason="x", by=None)

    assert figures(organization) == {
        "invoiced_minor": 3_400,
        "paid_minor": 500,
        "open_minor": 2_200,
        "credited_minor": 300,
        "written_off_minor": 400,
        "receivable_minor": 2_200,
    }


def test_paid_refunded_and_credited_into_the_wallet() -> None:
    subscription = subscribed()
    paid = fact(subscription, base_line(subscription), id="in_1", status="paid", paid_minor=2_900, paid_at=SEEN)
    invoice = applied(paid, subscription)
    told(invoice.organization, PAID, BACK)
    crediting.credit(invoice, 500, reason="x", key="", by=None)

    assert figures(invoice.organization) == {
        "invoiced_minor": 2_900,
        "paid_minor": 1_500,
        "credited_minor": 1_400,
    }
    assert WalletGrant.objects.get().amount_minor == 500


def test_one_unit_that_is_missing_is_shown_first(organization: Organization) -> None:
    finalizing.finalize(make.draft(make.organization("Aardvark")))
    finalizing.finalize(make.draft(organization))
    Invoice.objects.filter(organization=organization).update(credited_minor=1)

    wrong, right = conservation.report()

    assert (wrong.organization, wrong.holds, wrong.difference_minor) == ("Harbour Bakery", False, 1)
    assert right.holds


def test_credit_that_the_provider_keeps_is_carried(organization: Organization) -> None:
    subscription = subscribed()
    line = base_line(subscription, amount_minor=-400)
    applied(fact(subscription, line, status="paid", subtotal_minor=-400, total_minor=-400, id="in_2"), subscription)

    [row] = conservation.report()
    assert (row.invoiced_minor, row.carried_minor, row.receivable_minor, row.holds) == (-400, -400, -400, True)


def test_of_an_open_invoice_what_was_carried_is_not_open(organization: Organization) -> None:
    subscription = subscribed()
    line = base_line(subscription, amount_minor=-400)
    applied(fact(subscription, line, status="paid", subtotal_minor=-400, total_minor=-400, id="in_2"), subscription)
    used = {"starting_balance_minor": -400, "ending_balance_minor": 0}
    invoice = applied(fact(subscription, base_line(subscription), id="in_3", status="open", **used), subscription)

    assert (invoice.total_minor, invoice.carried_minor, invoice.due_minor) == (2_900, 400, 2_500)
    assert figures(invoice.organization) == {"invoiced_minor": 2_500, "open_minor": 2_500, "receivable_minor": 2_500}


def test_a_payment_without_an_invoice_is_shown(organization: Organization) -> None:
    payment = make.payment(organization=organization)
    bookkeeping.post(*bookkeeping.paid(payment))

    [row] = conservation.report(organization.pk)

    assert (row.holds, row.difference_minor) == (False, -2_900)
