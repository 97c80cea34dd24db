"""What of billing a person takes away."""

from datetime import timedelta

from billing.models import CheckoutSession, FoundingMember
from orgs.roles import Role
from platform_core import clock
from tests import make
from tests.exported import data_of


def bought(subscription: object, **fields: object) -> CheckoutSession:
    """The purchase that a subscription came from."""
    plan, price = subscription.plan, subscription.price  # type: ignore[attr-defined]
    urls = {"success_url": "http://127.0.0.1/a", "cancel_url": "http://127.0.0.1/b"}
    return CheckoutSession.objects.create(plan=plan, plan_version=plan.current, price=price, **urls, **fields)


def test_of_an_organization_that_is_theirs_alone_everything() -> None:
    harbour = make.organization("Harbour")
    kim = make.person(harbour)
    subscription = make.subscription(harbour)
    make.invoice(subscription, number="A-1", status="paid", paid_minor=2_900, payment_error="")
    make.invoice(make.subscription(), number="B-1")

    found = data_of(kim)

    assert [row["id"] for row in found["subscriptions"]] == [str(subscription.pk)]
    assert [(row["number"], row["paid_minor"], row["currency"]) for row in found["invoices"]] == [("A-1", 2_900, "usd")]


def test_of_one_that_others_own_too_only_what_they_bought_themselves() -> None:
    harbour = make.organization("Harbour")
    kim, eve = make.person(harbour), make.person(harbour)
    hers, his = make.subscription(harbour), make.subscription(harbour)
    for person, subscription in ((kim, hers), (eve, his)):
        provider_id = subscription.provider_subscription_id
        bought(subscription, organization=harbour, created_by=person, provider_subscription_id=provider_id)
        make.invoice(subscription, number=f"of {person.email}")

    found = data_of(kim)

    assert [row["id"] for row in found["subscriptions"]] == [str(hers.pk)]
    assert [row["number"] for row in found["invoices"]] == [f"of {kim.email}"]
    assert [row["plan__name"] for row in found["purchases"]] == [hers.plan.name]


def test_a_plain_member_takes_nothing_of_the_organizations() -> None:
    harbour = make.organization("Harbour")
    make.person(harbour)
    kim = make.person(harbour, Role.MEMBER)
    make.invoice(make.subscription(harbour))

    found = data_of(kim)

    assert (found["subscriptions"], found["invoices"], found["purchases"]) == ([], [], [])


def test_what_was_bought_as_a_guest_and_the_founding_membership() -> None:
    harbour = make.organization("Harbour")
    kim = make.person(harbour)
    bought(make.subscription(), email=kim.email, claim_digest="x")
    ends = clock.now() + timedelta(days=365)
    FoundingMember.objects.create(organization=harbour, user=kim, number=7, expires_at=ends)

    found = data_of(kim)

    assert [row["email"] for row in found["purchases"]] == [kim.email]
    assert [row["number"] for row in found["founding_membership"]] == [7]
