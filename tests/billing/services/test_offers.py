"""A checkout that moves a subscription to another plan."""

import pytest

from billing.models import CheckoutSession, Plan
from billing.services import carts, offers
from billing.services.checkout import start_checkout
from orgs.models import Organization
from platform_core.errors import Conflict
from platform_core.models import AuditEvent
from tests.billing import shop
from tests.billing.changing import charged, customer, present, proposed


def offered(plan: str = "hosting-pro", **urls: str) -> CheckoutSession:
    organization = present().organization
    by = organization.memberships.order_by("created_at")[0].user
    return start_checkout(carts.of_plan(Plan.objects.get(code=plan)), organization=organization, by=by, **urls)


def test_its_page_is_ours_and_asking_again_gives_the_same() -> None:
    held = customer()

    first, again = offered(), offered()

    assert first == again
    assert (first.subscription, first.plan.code, first.status) == (held, "hosting-pro", "open")
    assert first.url == f"http://127.0.0.1:8000/checkout/{first.pk}"
    assert first.success_url == first.cancel_url == "http://127.0.0.1:8000/billing"
    assert charged() == [4_900]


def test_what_was_accepted_leads_where_the_caller_wanted() -> None:
    customer()
    row = offered(success_url="https://shop.test/done?id={CHECKOUT_SESSION_ID}")

    url = offers.accept(row, proposed(), by=row.created_by)  # type: ignore[arg-type]

    assert url == f"https://shop.test/done?id={row.pk}"
    row.refresh_from_db()
    assert (row.status, row.completed_at is not None) == ("completed", True)
    assert present().plan.code == "hosting-pro"


def test_a_page_that_was_closed_meanwhile_is_not_completed() -> None:
    customer()
    row = offered()
    CheckoutSession.objects.filter(pk=row.pk).update(status="expired")

    url = offers.accept(row, proposed(), by=row.created_by)  # type: ignore[arg-type]

    assert url == "http://127.0.0.1:8000/billing"
    row.refresh_from_db()
    assert (row.status, row.completed_at) == ("expired", None)
    assert not AuditEvent.objects.filter(action="checkout.complete", target_id=str(row.pk)).exists()
    assert present().plan.code == "hosting-pro"


def test_the_plan_that_is_there_is_not_offered() -> None:
    customer()

    with pytest.raises(Conflict, match="already"):
        offered("hosting-starter")


def test_an_ended_subscription_is_bought_anew() -> None:
    organization: Organization = shop.customer()
    organization.subscriptions.update(status="canceled")

    assert offers.present(Plan.objects.get(code="hosting-pro"), organization) is None
