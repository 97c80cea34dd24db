"""What was used, against what the plan includes."""

from datetime import timedelta

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse

from billing import selectors
from billing.models import BillingPeriod, Subscription
from orgs import roles
from orgs.portal.pages import OrganizationPage
from platform_core.portal.templatetags.charts import DayValue

# So many periods are offered; the invoices tell of older ones.
OFFERED = 6
ASKED = {"period": "pk", "subscription": "subscription"}


class Usage(OrganizationPage):
    """One period of one subscription, drawn by day and told by agent and by model."""

    access = {"GET": roles.USAGE_READ}
    nav = "usage"

    def get(self, request: HttpRequest) -> HttpResponse:
        period = self._period()
        if period is None:
            return self.page("portal/billing/usage.html")
        summary = selectors.usage_summary(period)
        return self.page(
            "portal/billing/usage.html",
            subscriptions=list(self._metered().select_related("plan")),
            periods=list(period.subscription.periods.all()[:OFFERED]),
            period=period,
            summary=summary,
            days=[DayValue(day.start, day.tokens) for day in summary.days],
            last_day=(summary.ends_at - timedelta(microseconds=1)).date(),
        )

    def _metered(self) -> QuerySet[Subscription]:
        """Those that ever had a period to count in."""
        counted = BillingPeriod.objects.filter(organization=self.organization).values("subscription")
        return Subscription.objects.filter(pk__in=counted)

    def _period(self) -> BillingPeriod | None:
        """The one asked for, else the latest of the subscription asked for, else of the one to show first."""
        mine = BillingPeriod.objects.filter(organization=self.organization).select_related("subscription__plan")
        asked = {name: self.request.GET[query] for query, name in ASKED.items() if query in self.request.GET}
        if asked:
            return _found(mine, asked)
        first = selectors.metered_subscription(self._metered())
        return mine.filter(subscription=first).first() if first else None


def _found(periods: QuerySet[BillingPeriod], asked: dict[str, str]) -> BillingPeriod:
    try:
        return periods.filter(**asked)[0]
    except (ValidationError, IndexError) as error:
        raise Http404 from error
