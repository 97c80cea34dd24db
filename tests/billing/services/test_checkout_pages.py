"""Two payment pages for one product: whoever opened both must not be able to pay on both."""

import pytest

from billing.models import CheckoutSession, Subscription
from billing.providers import provider
from billing.providers.protocol import CheckoutFact, CheckoutSpec, ProviderError
from billing.providers.sandbox import faults
from billing.providers.sandbox.checkout import pay
from billing.providers.sandbox.errors import Invalid
from billing.providers.sandbox.faults import Fault
from billing.providers.sandbox.models import Record
from billing.providers.stripe.provider import StripeProvider
from orgs.models import Organization
from platform_core.errors import Conflict
from tests import make
from tests.billing import month, shop


@pytest.fixture(autouse=True)
def _shop() -> None:
    shop.opened()


def states() -> dict[str, str]:
    """What the provider says of each page, by plan."""
    pages = {record.object_id: record.data["status"] for record in Record.objects.filter(kind="checkout.session")}
    rows = CheckoutSession.objects.select_related("plan")
    return {row.plan.code: pages[row.provider_session_id] for row in rows}


def test_choosing_another_plan_closes_the_page_of_the_first(organization: Organization) -> None:
    first = shop.checkout(organization, "hosting-starter")

    second = shop.checkout(organization, "hosting-pro")

    assert states() == {"hosting-starter": "expired", "hosting-pro": "open"}
    assert CheckoutSession.objects.get(pk=first.pk).status == "expired"
    with pytest.raises(Invalid, match="expired"):
        pay(first.provider_session_id)
    pay(second.provider_session_id)
    month.hear("checkout.session.completed")
    assert Subscription.objects.get().plan.code == "hosting-pro"


def test_a_page_that_was_just_paid_on_lets_nobody_open_another(organization: Organization) -> None:
    shop.bought(organization, "hosting-starter")

    with pytest.raises(Conflict, match="has been paid for a moment ago"):
        shop.checkout(organization, "hosting-pro")

    assert Record.objects.filter(kind="checkout.session").count() == 1
    month.hear("checkout.session.completed")
    assert Subscription.objects.get().plan.code == "hosting-starter"


def test_pages_of_other_products_and_of_other_organizations_stay_open(organization: Organization) -> None:
    shop.checkout(organization, "pages-team")
    shop.checkout(make.organization(), "hosting-starter")

    shop.checkout(organization, "hosting-pro")

    assert states() == {"pages-team": "open", "hosting-starter": "open", "hosting-pro": "open"}


def test_a_page_whose_address_was_lost_is_closed_too(organization: Organization) -> None:
    with (
        faults.injected(Fault.TIMEOUT_AFTER, method="POST", path="/v1/checkout/sessions", times=3),
        pytest.raises(ProviderError),
    ):
        shop.checkout(organization, "hosting-starter")

    shop.checkout(organization, "hosting-pro")

    assert states() == {"hosting-starter": "expired", "hosting-pro": "open"}


def test_a_page_that_is_over_is_told_as_it_is(organization: Organization) -> None:
    paid = shop.bought(organization)

    assert provider().close_checkout(paid.provider_session_id, key="close").status == "complete"


def test_of_two_that_begin_at_once_the_later_one_stays_open(
    organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second comes between the first one's row and its page."""
    real = StripeProvider.open_checkout
    waiting = ["hosting-pro"]

    def open_checkout(self: StripeProvider, spec: CheckoutSpec, *, key: str) -> CheckoutFact:
        while waiting:
            shop.checkout(organization, waiting.pop())
        return real(self, spec, key=key)

    monkeypatch.setattr(StripeProvider, "open_checkout", open_checkout)

    shop.checkout(organization, "hosting-starter")

    assert states() == {"hosting-starter": "expired", "hosting-pro": "open"}
    assert CheckoutSession.objects.get(status="open").plan.code == "hosting-pro"
