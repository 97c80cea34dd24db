"""The first page after signing in: what there is, how it does, what was used, what happened."""

from django.http import HttpRequest, HttpResponse

from billing import selectors
from billing.models import Subscription
from billing.selectors import UsageSummary
from orgs import roles
from orgs.portal.pages import OrganizationPage
from platform_core.models import AuditEvent
from tenants.models import Order

RECENT = 8
# True, and in the audit log, but no news to a customer.
HOUSEKEEPING = (
    "billing_period.close",
    "billing_period.adjust",
    "checkout.start",
    "order.status",
    "registration_token.issue",
    "usage.late",
)


class Overview(OrganizationPage):
    """Each part says what to do where there is nothing yet."""

    access = {"GET": roles.ORGANIZATION_READ}
    nav = "home"

    def get(self, request: HttpRequest) -> HttpResponse:
        live = Subscription.objects.filter(organization=self.organization).live()
        return self.page(
            "portal/tenants/overview.html",
            subscriptions=list(live.select_related("plan", "price")),
            orders=self._orders(),
            usage=self._usage(),
            events=self._events(),
        )

    def _orders(self) -> list[Order]:
        mine = Order.objects.filter(organization=self.organization).exclude(status=Order.Status.CANCELED)
        return list(mine.select_related("subscription__plan", "server__beat"))

    def _usage(self) -> UsageSummary | None:
        """Of the subscription that matters most, in the period in hand."""
        shown = selectors.metered_subscription(Subscription.objects.filter(organization=self.organization))
        period = selectors.latest_period(shown) if shown else None
        return selectors.usage_summary(period) if period else None

    def _events(self) -> list[AuditEvent]:
        """What changed last, for those whose role may know."""
        if not self.membership.may(roles.AUDIT_READ):
            return []
        mine = AuditEvent.objects.filter(organization_id=self.organization.pk)
        return list(mine.exclude(action__in=HOUSEKEEPING).order_by("-created_at")[:RECENT])
