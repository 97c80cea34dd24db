"""The ids of what was seeded, under the names that examples and checks know them by."""

from billing.models import Plan, Price, Subscription
from identity.models import TotpDevice
from orgs.models import Membership, Organization, Report
from orgs.roles import Role
from tenants.management.seeding.people import COMPANIES, STAFF
from tenants.models import Order


def ids() -> dict[str, str]:
    """Those of the first company, and `otherOrganization`: the second's."""
    harbour, fjord = (
        Organization.objects.get(name=story.name, memberships__user__email=story.owner[0]) for story in COMPANIES[:2]
    )
    order = Order.objects.select_related("server").get(organization=harbour)
    return {
        "organization": str(harbour.pk),
        "otherOrganization": str(fjord.pk),
        "member": str(Membership.objects.get(organization=harbour, role=Role.MEMBER).pk),
        "report": str(Report.objects.get(organization=harbour).pk),
        "order": str(order.pk),
        "server": str(order.server.pk),
        "pricingItem": str(Price.objects.get(lookup_key="pages-team-month-usd", is_active=True).pk),
        "plan": str(Plan.objects.get(code="hosting-pro").pk),
        "subscription": str(Subscription.objects.get(order=order).pk),
        "customer": str(order.customer_id),
    }


def app_secret() -> str:
    """What feeds the authenticator app of the first member of staff. The demo's, and worth nothing elsewhere."""
    return TotpDevice.objects.get(user__email=STAFF[0][0], confirmed_at__isnull=False).secret
