"""An organization as a customer of the provider: made once."""

from billing.models import BillingAccount
from billing.providers.sandbox.models import Record
from billing.services import accounts
from orgs.models import Organization
from tests import make


def test_the_first_thing_that_needs_one_makes_it(organization: Organization) -> None:
    first, again = accounts.customer_of(organization), accounts.customer_of(organization)

    assert first == again == BillingAccount.objects.get().provider_customer_id
    customer = Record.objects.get(kind="customer").data
    assert (customer["id"], customer["metadata"]) == (first, {"organization": str(organization.pk)})


def test_of_two_the_first_stands(organization: Organization) -> None:
    kept = make.billing_account(organization)

    assert accounts.open_account(organization, "cus_other") == kept
    assert BillingAccount.objects.count() == 1
