"""The provider's own page for a customer."""

from billing.models import BillingAccount
from billing.services import portals
from orgs.models import Organization
from platform_core.models import AuditEvent
from tests import make
from tests.billing import shop


def test_a_customer_is_led_to_it_and_that_is_recorded() -> None:
    customer = shop.customer()

    url = portals.open_portal(customer, by=make.person(customer))

    assert url.startswith("http://127.0.0.1:8000/sandbox/")
    assert AuditEvent.objects.filter(action="billing_portal.open", organization_id=customer.pk).count() == 1


def test_who_never_bought_becomes_a_customer_by_it(organization: Organization) -> None:
    assert portals.open_portal(organization, by=make.person(organization))

    assert BillingAccount.objects.get().organization == organization
