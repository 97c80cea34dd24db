"""An organization as a customer of the payment provider."""

from billing.models import BillingAccount
from billing.providers import provider
from orgs.models import Organization


def customer_of(organization: Organization) -> str:
    """The provider's customer; made with the first thing that needs one."""
    account = BillingAccount.objects.filter(organization=organization).first()
    if account is None:
        customer_id = provider().ensure_customer(
            organization_id=str(organization.pk),
            name=organization.name,
            email=organization.billing_email,
            key=f"customer:{organization.pk}",
        )
        account = open_account(organization, customer_id)
    return account.provider_customer_id


def open_account(organization: Organization, customer_id: str) -> BillingAccount:
    """The row of it; of two that come at once the first stands."""
    account, _ = BillingAccount.objects.get_or_create(
        organization=organization, defaults={"provider_customer_id": customer_id}
    )
    return account


def owner_of(customer_id: str) -> Organization | None:
    """Whose customer this is; the row is held."""
    accounts = BillingAccount.objects.select_for_update(of=("self",)).select_related("organization")
    account = accounts.filter(provider_customer_id=customer_id).first() if customer_id else None
    return account.organization if account else None
