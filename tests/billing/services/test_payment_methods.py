"""How an organization pays: saved once, the default from then on, and what is due is paid with it."""

from datetime import timedelta

import pytest

from billing.models import Dunning, Invoice, PaymentMethod, PaymentMethodSetup
from billing.providers.facts import CheckoutFact, PaymentFact, PaymentMethodFact
from billing.providers.protocol import ProviderError
from billing.providers.sandbox.faults import Fault, injected
from billing.providers.sandbox.models import Record
from billing.services import payment_methods
from orgs.models import Organization
from orgs.services import purging
from platform_core import clock
from platform_core.errors import Conflict
from platform_core.models import AuditEvent
from tests import make
from tests.billing import month, shop
from tests.billing.cards import CANNOT_PAY, set_card
from tests.billing.changing import customer
from tests.billing.providers.sandbox.shop import client

Status = PaymentMethodSetup.Status


def fact(provider_id: str, **fields: object) -> PaymentMethodFact:
    values = {"kind": "card", "brand": "visa", "last4": "4242", "exp_month": 12, "exp_year": 2034} | fields
    return PaymentMethodFact(id=provider_id, **values)  # type: ignore[arg-type]


def present(organization: Organization) -> list[tuple[str, bool]]:
    rows = PaymentMethod.objects.present().filter(organization=organization).order_by("provider_payment_method_id")
    return [(row.provider_payment_method_id, row.is_default) for row in rows]


# --- What is there ----------------------------------------------------------------------------------------------------
def test_what_the_provider_tells_is_there_and_what_it_does_not_was_removed(organization: Organization) -> None:
    first = clock.wall()
    payment_methods.record(organization, [fact("pm_a", is_default=True), fact("pm_b")], observed_at=first)

    later = first + timedelta(seconds=1)
    payment_methods.record(organization, [fact("pm_b", is_default=True)], observed_at=later)

    assert present(organization) == [("pm_b", True)]
    assert PaymentMethod.objects.get(provider_payment_method_id="pm_a").removed_at is not None
    assert AuditEvent.objects.filter(action="payment_method.added").count() == 2
    assert AuditEvent.objects.filter(action="payment_method.removed").count() == 1


def test_what_the_provider_tells_after_a_purge_is_not_kept() -> None:
    held = customer()
    api = client().v1
    api.subscriptions.cancel(held.provider_subscription_id)
    shop.catch_up()
    gone = {"status": Organization.Status.DELETED, "deleted_at": clock.now() - timedelta(days=31)}
    Organization.objects.filter(pk=held.organization_id).update(**gone)
    assert purging.purge_deleted() == {"purged": 1}
    assert not PaymentMethod.objects.exists()
    before = AuditEvent.objects.filter(action="payment_method.added").count()

    customer_id = held.organization.billing_account.provider_customer_id
    api.payment_methods.attach("pm_card_visa", {"customer": customer_id})
    api.customers.update(customer_id, {"name": "Harbour Bakery"})
    shop.catch_up()

    assert not PaymentMethod.objects.exists()
    assert AuditEvent.objects.filter(action="payment_method.added").count() == before


def test_an_older_reading_changes_nothing(organization: Organization) -> None:
    now = clock.wall()
    payment_methods.record(organization, [fact("pm_a", is_default=True)], observed_at=now)

    payment_methods.record(organization, [fact("pm_b")], observed_at=now - timedelta(seconds=1))

    assert present(organization) == [("pm_a", True)]


def test_a_new_default_takes_the_place_of_the_old_one(organization: Organization) -> None:
    for at, default in enumerate(["pm_a", "pm_b", "pm_a"]):
        told = [fact(name, is_default=name == default) for name in ("pm_a", "pm_b")]
        payment_methods.record(organization, told, observed_at=clock.wall() + timedelta(seconds=at))

    assert present(organization) == [("pm_a", True), ("pm_b", False)]


def test_the_latest_try_says_whether_it_can_be_charged(organization: Organization) -> None:
    method = make.payment_method(organization)
    told = fact(method.provider_payment_method_id)
    now = clock.now()
    failed = PaymentFact("pi_1", "ch_1", "failed", 100, "usd", method=told, failure="Expired.", created_at=now)
    paid = PaymentFact("pi_2", "ch_2", "succeeded", 100, "usd", method=told, created_at=now + timedelta(hours=1))

    payment_methods.record_tries([failed])
    method.refresh_from_db()
    assert (method.failure, method.failed_at) == ("Expired.", now)

    payment_methods.record_tries([paid, failed])
    method.refresh_from_db()
    assert (method.failure, method.failed_at) == ("", None)


def test_a_payment_that_was_never_tried_says_nothing_of_any_method(organization: Organization) -> None:
    now = clock.now()
    method = make.payment_method(organization, failure="Expired.", failed_at=now)

    payment_methods.record_tries([PaymentFact("pi_1", "", "pending", 100, "usd", created_at=now)])

    method.refresh_from_db()
    assert (method.failure, method.failed_at) == ("Expired.", now)


# --- Adding -----------------------------------------------------------------------------------------------------------
def test_a_visit_to_the_providers_page_begins_with_our_row() -> None:
    organization = customer().organization

    row = payment_methods.begin_setup(organization, by=make.person(organization))

    assert (row.status, row.organization) == (Status.OPEN, organization)
    assert row.url.startswith("http://127.0.0.1:8000/sandbox/")
    assert row.success_url == "http://127.0.0.1:8000/billing?saved=1"
    session = Record.objects.filter(kind="checkout.session").latest("sequence").data
    assert (session["mode"], session["id"]) == ("setup", row.provider_session_id)
    assert not PaymentMethod.objects.filter(is_default=False).exists()


def _complete(row: PaymentMethodSetup, method_id: str, status: str = "complete") -> bool:
    told = CheckoutFact(
        row.provider_session_id, status, "no_payment_required", "", "", "", "", str(row.pk), mode="setup",
        payment_method_id=method_id,
    )  # fmt: skip
    return payment_methods.completed(told)


def _attached(organization: Organization, card: str = "pm_card_mastercard") -> str:
    customer_id = organization.billing_account.provider_customer_id
    return client().v1.payment_methods.attach(card, {"customer": customer_id}).id


def _refreshed(organization: Organization) -> str:
    """A second one, which we know of."""
    method_id = _attached(organization)
    payment_methods.refresh(organization)
    return method_id


def test_what_was_saved_becomes_the_default_and_pays_what_is_due() -> None:
    subscription = month.subscribed()
    set_card(subscription, CANNOT_PAY)
    month.pass_to(month.RENEWAL + timedelta(hours=2))
    shop.catch_up()
    organization = subscription.organization
    assert Dunning.objects.get().status == "retrying"
    row = payment_methods.begin_setup(organization, by=make.person(organization))
    method_id = _attached(organization)

    assert _complete(row, method_id)
    assert payment_methods.finish_one("test")
    shop.catch_up()

    row.refresh_from_db()
    assert row.status == Status.DONE
    assert PaymentMethod.objects.get(is_default=True).provider_payment_method_id == method_id
    assert Dunning.objects.get().status == "recovered"
    subscription.refresh_from_db()
    assert subscription.status == "active"
    assert not payment_methods.finish_one("test")


@pytest.mark.parametrize("fault", [Fault.TIMEOUT_BEFORE, Fault.TIMEOUT_AFTER])
def test_a_provider_that_does_not_answer_is_asked_again(fault: Fault) -> None:
    organization = customer().organization
    row = payment_methods.begin_setup(organization, by=make.person(organization))
    method_id = _attached(organization)
    _complete(row, method_id)

    with injected(fault, method="POST", path="/v1/customers", times=3):
        payment_methods.finish_one("test")
    row.refresh_from_db()
    assert (row.status, row.failure != "") == (Status.SAVED, True)
    PaymentMethodSetup.objects.update(run_after=clock.now())
    payment_methods.finish_one("test")

    row.refresh_from_db()
    assert (row.status, row.failure) == (Status.DONE, "")
    assert PaymentMethod.objects.get(is_default=True).provider_payment_method_id == method_id


def test_a_page_that_ran_out_saves_nothing() -> None:
    organization = customer().organization
    row = payment_methods.begin_setup(organization, by=make.person(organization))

    assert _complete(row, "", status="expired")

    row.refresh_from_db()
    assert row.status == Status.EXPIRED
    assert not payment_methods.finish_one("test")


def test_what_was_told_once_is_not_undone_by_a_later_telling() -> None:
    organization = customer().organization
    row = payment_methods.begin_setup(organization, by=make.person(organization))
    assert _complete(row, "pm_first")

    assert _complete(row, "pm_second")
    assert _complete(row, "", status="expired")

    row.refresh_from_db()
    assert (row.status, row.provider_payment_method_id) == (Status.SAVED, "pm_first")


def test_one_that_the_provider_does_not_take_as_the_default_is_not_tried_for_ever() -> None:
    organization = customer().organization
    payment_methods.refresh(organization)
    before = present(organization)
    row = payment_methods.begin_setup(organization, by=make.person(organization))
    _complete(row, "pm_of_nobody")

    assert payment_methods.finish_one("test")

    row.refresh_from_db()
    assert (row.status, row.done_at) == (Status.FAILED, None)
    assert "pm_of_nobody" in row.failure
    assert present(organization) == before
    PaymentMethodSetup.objects.update(run_after=clock.now())
    assert not payment_methods.finish_one("test")


def test_a_new_default_that_cannot_pay_either_stays_the_default_and_what_is_due_stays_due() -> None:
    subscription = month.subscribed()
    set_card(subscription, CANNOT_PAY)
    month.pass_to(month.RENEWAL + timedelta(hours=2))
    shop.catch_up()
    organization = subscription.organization
    method_id = _attached(organization, CANNOT_PAY)

    found = payment_methods.attach(organization, method_id, by=make.person(organization))

    shop.catch_up()
    assert (found.provider_payment_method_id, found.is_default) == (method_id, True)
    owed = Invoice.objects.get(status="open")
    assert (owed.payment_error, owed.paid_minor) == ("Your card was declined.", 0)
    assert Dunning.objects.get().status == "retrying"
    assert AuditEvent.objects.filter(action="payment_method.attach").count() == 1


def test_another_ones_page_is_none_of_ours() -> None:
    told = CheckoutFact("cs_x", "complete", "no_payment_required", "", "", "", "", "", mode="setup")

    assert not payment_methods.completed(told)


# --- Changing ---------------------------------------------------------------------------------------------------------
def test_the_last_one_of_a_running_subscription_stays() -> None:
    organization = customer().organization
    payment_methods.refresh(organization)
    only = PaymentMethod.objects.get()

    with pytest.raises(Conflict, match="Add another one first"):
        payment_methods.remove(only, by=make.person(organization))

    only.refresh_from_db()
    assert only.removed_at is None


def test_when_the_default_goes_another_takes_its_place() -> None:
    organization = customer().organization
    payment_methods.refresh(organization)
    other = _attached(organization)
    payment_methods.refresh(organization)

    payment_methods.remove(PaymentMethod.objects.get(is_default=True), by=make.person(organization))

    assert present(organization) == [(other, True)]
    customer_id = organization.billing_account.provider_customer_id
    assert [method.id for method in client().v1.customers.payment_methods.list(customer_id).data] == [other]


def test_removing_one_that_is_gone_already_is_told_once() -> None:
    organization = customer().organization
    payment_methods.refresh(organization)
    person = make.person(organization)
    gone = PaymentMethod.objects.get(provider_payment_method_id=_refreshed(organization))
    stale = PaymentMethod.objects.get(pk=gone.pk)
    payment_methods.remove(gone, by=person)
    removed_at = PaymentMethod.objects.get(pk=gone.pk).removed_at
    assert removed_at is not None

    payment_methods.remove(stale, by=person)

    assert PaymentMethod.objects.get(pk=gone.pk).removed_at == removed_at
    assert AuditEvent.objects.filter(action="payment_method.remove").count() == 1
    assert len(present(organization)) == 1


def test_one_that_was_removed_cannot_be_chosen(organization: Organization) -> None:
    gone = make.payment_method(organization, removed_at=clock.now())

    with pytest.raises(Conflict, match="was removed"):
        payment_methods.make_default(gone, by=make.person(organization))


def test_one_that_the_provider_does_not_know_is_refused() -> None:
    organization = customer().organization

    with pytest.raises((Conflict, ProviderError)):
        payment_methods.attach(organization, "pm_of_nobody", by=make.person(organization))

    assert not PaymentMethod.objects.filter(provider_payment_method_id="pm_of_nobody").exists()
