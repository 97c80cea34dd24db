"""From a plan to the provider's payment page and back."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from billing.models import CheckoutSession, Plan
from billing.services import carts, checkout
from orgs import roles
from orgs.portal.pages import OrganizationPage
from platform_core import scoping
from platform_core.errors import DomainError
from platform_core.portal.base import Page
from platform_core.portal.errors import problem

# The checkouts that this browser began: a guest has nothing else to show for it.
SESSION_KEY = "checkouts"
REMEMBERED = 10


def _start(request: HttpRequest, **buyer: Any) -> HttpResponse:
    """Open the provider's page for the plan in the form, and remember in this browser whose it is."""
    plan = get_object_or_404(Plan.objects.select_related("product"), code=request.POST.get("plan", ""))
    session = checkout.start_checkout(carts.of_plan(plan, buyer["organization"]), **buyer)
    earlier = [each for each in begun_here(request) if each != str(session.pk)]
    request.session[SESSION_KEY] = [*earlier, str(session.pk)][-REMEMBERED:]
    return redirect(session.url)


def begun_here(request: HttpRequest) -> list[str]:
    """The ids of the checkouts that this browser began, the latest last."""
    begun: list[str] = request.session.get(SESSION_KEY, [])
    return begun


class StartCheckout(OrganizationPage):
    """Buys for the organization in use."""

    access = {"POST": roles.BILLING_MANAGE}
    form_page = "portal:plans"

    def post(self, request: HttpRequest) -> HttpResponse:
        return _start(request, organization=self.organization, by=self.actor)


class Buy(Page):
    """Buys as a guest: the payment page asks for the address, and a mail makes it an account."""

    http_method_names = ("get", "head", "post")
    form_page = "portal:pricing"

    def post(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            return redirect("portal:plans")
        try:
            return _start(request, organization=None, by=None)
        except DomainError as error:
            return problem(request, error)


class CheckoutCanceled(Page):
    """Back without having paid: nothing was charged, and the same plan is one button away."""

    http_method_names = ("get", "head")

    def get(self, request: HttpRequest) -> HttpResponse:
        with scoping.system():
            # Only what this very browser began is looked for.
            latest = CheckoutSession.objects.filter(pk__in=begun_here(request)).select_related("plan").first()
        return render(request, "public/checkout_canceled.html", {"plan": latest.plan if latest else None})
