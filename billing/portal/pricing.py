"""What is sold: the public pages, and the same shelves for somebody signed in."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from billing.models import Subscription
from billing.portal.shelves import counters, shelves
from billing.services import entitlements
from orgs import roles
from orgs.portal.pages import OrganizationPage
from platform_core.portal.base import Page


class Landing(Page):
    """The first page that anybody sees."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return render(request, "public/landing.html", {"shelves": shelves()})


class Pricing(Page):
    """Every product and plan. Buying takes no account."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return render(request, "public/pricing.html", {"counters": counters(shelves()), "nav": "pricing"})


class Plans(OrganizationPage):
    """The plans an organization can choose, and which it has."""

    access = {"GET": roles.BILLING_READ}
    nav = "plans"

    def get(self, request: HttpRequest) -> HttpResponse:
        live = Subscription.objects.filter(organization=self.organization).live()
        mine = frozenset(live.values_list("plan_id", flat=True))
        covered = entitlements.covered(self.organization)
        return self.page("portal/billing/plans.html", counters=counters(shelves(mine, covered)))
