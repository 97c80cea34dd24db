"""Computing figures again on request."""

from billing.models import BillingPeriod, Invoice
from billing.services import finalizing, rating
from tests import kept, make
from tests.billing import month
from tests.clients import staff
from tests.pages import Browser


def closed_with_overage() -> BillingPeriod:
    """A closed period of which a million tokens went beyond."""

    def close() -> None:
        subscription = month.subscribed()
        month.use(subscription, 16_000_000)
        month.renew(subscription)

    kept.situation("a closed month with overage", close)
    return BillingPeriod.objects.exclude(status=BillingPeriod.Status.OPEN).get()


def test_what_an_invoice_was_sealed_with_can_be_read() -> None:
    closed_with_overage()
    invoice = Invoice.objects.latest("issued_at")

    page = Browser(staff("billing.view_invoice").user).words(f"/admin/billing/invoice/{invoice.pk}/change/")

    # The databases keep a document's names in orders of their own.
    assert "Unit price $129.00" in page
    assert "Amount $129.00" in page
    assert "Unit price $2.50 per million" in page
    assert "{" not in page.partition("Evidence")[2].partition("Period start")[0]


def ask(path: str, *permissions: str) -> str:
    answer = Browser(staff(*permissions).user).post(f"/admin/billing/{path}/do/verify/", follow=True)
    return str(answer.content.decode())


def test_a_period_s_figures_hold() -> None:
    period = closed_with_overage()

    assert "the figures hold" in ask(f"billingperiod/{period.pk}", "billing.view_billingperiod")


def test_a_figure_that_was_changed_is_named() -> None:
    period = closed_with_overage()
    BillingPeriod.objects.filter(pk=period.pk).update(overage_minor=1)

    told = ask(f"billingperiod/{period.pk}", "billing.view_billingperiod")

    assert "The period&#x27;s figures are not its evidence&#x27;s." in told


def test_evidence_of_an_unknown_rule_is_named() -> None:
    period = closed_with_overage()
    sealed = {name: value for name, value in period.evidence.items() if name != "sha256"} | {"rounding": "gone/9"}
    period.evidence = {**sealed, "sha256": rating._sha256(sealed)}
    period.save()

    assert "Unknown rounding rule" in ask(f"billingperiod/{period.pk}", "billing.view_billingperiod")


def test_an_invoice_is_checked_by_the_periods_on_it() -> None:
    period = closed_with_overage()
    invoice = Invoice.objects.get(lines__billing_period=period, lines__kind="overage")

    assert "the figures hold" in ask(f"invoice/{invoice.pk}", "billing.view_invoice")


def test_an_invoice_without_a_closed_period_is_checked_by_its_own_figures() -> None:
    invoice = finalizing.finalize(make.draft())
    assert "the figures hold; no closed period is on it" in ask(f"invoice/{invoice.pk}", "billing.view_invoice")

    Invoice.objects.update(total_minor=1)

    assert "total_minor is 1, sealed as 2900" in ask(f"invoice/{invoice.pk}", "billing.view_invoice")


def test_an_open_period_offers_no_check() -> None:
    subscription = month.subscribed()
    period = subscription.periods.get()

    page = Browser(staff("billing.view_billingperiod").user).get(f"/admin/billing/billingperiod/{period.pk}/change/")

    assert "/do/verify/" not in page.content.decode()
