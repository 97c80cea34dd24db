"""Whoever buys without an account gets one; whoever has one is asked before anything is attached to it."""

import re
from datetime import timedelta
from typing import Any

import pytest

from billing.models import BillingAccount, CheckoutSession, Invoice, Subscription
from billing.providers.protocol import Snapshot
from billing.providers.sandbox import clock
from billing.providers.sandbox.models import Record
from billing.providers.stripe.provider import StripeProvider
from billing.services.checkout import confirm_claim
from identity.models import User
from orgs.models import Membership, Organization
from orgs.roles import Role
from platform_core import scoping
from platform_core.errors import Conflict, NotAllowed, NotFound
from platform_core.models import Mail, ProviderEvent
from tests import make
from tests.billing import shop


def claim_link() -> str:
    text = Mail.objects.get(template="billing/checkout_claim").text
    found = re.search(r"/checkout/claim/(\S+)", text)
    assert found is not None
    return found[1]


def test_an_unknown_address_becomes_a_person_with_an_organization(completed: list[dict[str, Any]]) -> None:
    shop.opened()
    row = shop.bought(None, email="Ann@Buyer.test")
    shop.catch_up()

    person = User.objects.get()
    assert (person.email, person.has_usable_password()) == ("ann@buyer.test", False)
    place = Membership.ALL.get()
    assert (place.user, place.role, place.organization.name) == (person, Role.OWNER, "ann")
    row.refresh_from_db()
    assert (row.organization, row.created_by, row.claim) == (place.organization, person, "not_needed")
    subscription = Subscription.objects.get()
    assert subscription.organization == place.organization
    assert BillingAccount.objects.get().organization == place.organization
    assert [mail.template for mail in Mail.objects.all()] == ["identity/welcome"]
    assert [facts["by"] for facts in completed] == [person]


def test_a_known_address_is_asked_first(completed: list[dict[str, Any]]) -> None:
    shop.opened()
    known = make.user("ann@buyer.test")
    row = shop.bought(None, email="ann@buyer.test")
    shop.catch_up()

    row.refresh_from_db()
    assert (row.status, row.claim, row.organization, row.created_by) == ("completed", "pending", None, None)
    assert not Subscription.objects.exists()
    assert not Organization.objects.exists()
    assert not BillingAccount.objects.exists()
    assert completed == []
    message = Mail.objects.get()
    assert (message.to, message.subject) == (known.email, "Did you buy Hosting Pro?")
    assert claim_link() not in row.claim_digest


def test_later_events_of_a_waiting_purchase_are_harmless(completed: list[dict[str, Any]]) -> None:
    shop.asked()
    clock.advance(by=timedelta(days=32))
    shop.catch_up()

    assert not Subscription.objects.exists()
    assert Mail.objects.count() == 1
    assert completed == []
    assert not ProviderEvent.objects.exclude(status__in=("PROCESSED", "IGNORED")).exists()


def test_whoever_confirms_gets_all_of_it_as_it_is_now(completed: list[dict[str, Any]]) -> None:
    ann, row = shop.asked(), CheckoutSession.objects.get()
    clock.advance(by=timedelta(days=32))

    with scoping.using(None):
        confirm_claim(claim_link(), by=ann)

    row.refresh_from_db()
    subscription = Subscription.objects.get()
    assert (row.claim, row.claim_digest, row.created_by) == ("confirmed", "", ann)
    assert row.organization == subscription.organization == Membership.ALL.get(user=ann).organization
    assert Invoice.objects.count() == 2
    assert completed == [{"subscription": subscription, "by": ann, "checkout": row}]


def test_a_claim_goes_to_an_organization_that_never_bought(organization: Organization) -> None:
    ann = shop.asked()
    make.membership(organization, ann, role=Role.ADMIN)
    bought_before = make.organization()
    make.membership(bought_before, ann, role=Role.OWNER)
    BillingAccount.objects.create(organization=bought_before, provider_customer_id="cus_before")
    empty = make.organization()
    make.membership(empty, ann, role=Role.OWNER)

    assert confirm_claim(claim_link(), by=ann).organization == empty


def test_a_link_works_once_and_for_its_address_only(completed: list[dict[str, Any]]) -> None:
    ann = shop.asked()
    link = claim_link()

    with pytest.raises(NotAllowed, match="another address"):
        confirm_claim(link, by=make.user("eve@elsewhere.test"))
    with pytest.raises(NotFound, match="works once"):
        confirm_claim("claim_guess", by=ann)
    assert completed == []
    confirm_claim(link, by=ann)
    with pytest.raises(NotFound, match="works once"):
        confirm_claim(link, by=ann)

    assert len(completed) == 1


def test_two_confirmations_at_once_attach_once(
    completed: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second finds the claim taken between its look and its write."""
    ann, row = shop.asked(), CheckoutSession.objects.get()
    read = StripeProvider.snapshot

    def meanwhile(self: StripeProvider, kind: str, object_id: str) -> Snapshot | None:
        CheckoutSession.objects.filter(pk=row.pk).update(claim="confirmed")
        return read(self, kind, object_id)

    monkeypatch.setattr(StripeProvider, "snapshot", meanwhile)
    with pytest.raises(NotFound, match="works once"):
        confirm_claim(claim_link(), by=ann)

    assert completed == []
    assert not Subscription.objects.exists()


def test_a_purchase_that_the_provider_forgot_cannot_be_confirmed() -> None:
    ann = shop.asked()
    Record.objects.filter(kind="checkout.session").delete()

    with pytest.raises(Conflict, match="does not know this purchase"):
        confirm_claim(claim_link(), by=ann)

    assert CheckoutSession.objects.get().claim == "pending"
