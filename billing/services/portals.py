"""The provider's own page for a customer: cards, invoices, cancelling."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from billing.providers import provider
from billing.services import accounts
from orgs.models import Organization
from platform_core.services import audit

if TYPE_CHECKING:
    from identity.models import User


def open_portal(organization: Organization, *, by: "User", return_url: str = "") -> str:
    """A new address each time: it lives for minutes."""
    back = return_url or f"{settings.BASE_URL}{reverse('portal:billing')}"
    url = provider().open_portal(accounts.customer_of(organization), back)
    with transaction.atomic():
        audit.record("billing_portal.open", organization, by=by)
    return url
