"""From a plan to the provider's payment page and back."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from billing.models import CheckoutSession, Plan, Price
from billing.portal.carts import Filled, filled, first_interval
from billing.services import checkout, offers
from billing.services.carts import Cart
from orgs import roles
from orgs.portal.pages import OrganizationPage
from platform_core import scoping
from platform_core.errors import DomainError
from platform_core.portal.base import Page
from platform_core.portal.errors import problem

# The checkouts that this browser began: a guest has nothing else to show for it.
SESSION_KEY = "checkouts"
REMEMBERED = 10


def _plan(given: QueryDict) -> Plan:
    return get_object_or_404(Plan.objects.select_related("product", "current"), code=given.get("plan", ""))


def _open(request: HttpRequest, cart: Cart, **buyer: Any) -> HttpResponse:
    """To the provider's page, remembering in this browser whose it is."""
    session = checkout.start_checkout(cart, **buyer)
    earlier = [each for each in begun_here(request) if each != str(session.pk)]
    request.session[SESSION_KEY] = [*earlier, str(session.pk)][-REMEMBERED:]
    return redirect(session.url)


def begun_here(request: HttpRequest) -> list[str]:
    """The ids of the checkouts that this browser began, the latest last."""
    begun: list[str] = request.session.get(SESSION_KEY, [])
    return begun


class StartCheckout(OrganizationPage):
    """Shows what the organization in use is about to buy, and then leads it to the payment."""

    access = {"GET": roles.BILLING_MANAGE, "POST": roles.BILLING_MANAGE}
    nav = "plans"

    def get(self, request: HttpRequest) -> HttpResponse:
        if "plan" not in request.GET:
            return redirect("portal:plans")
        plan = _plan(request.GET)
        held = offers.present(plan, self.organization)
        # What is paid once is bought beside a subscription, not in its place.
        if held is not None and request.GET.get("interval", first_interval(plan)) != Price.Interval.ONCE:
            return redirect(f"{reverse('portal:change-plan', args=[held.pk])}?{urlencode({'plan': plan.code})}")
        return self._shown(plan, filled(plan, request.GET, self.organization))

    def post(self, request: HttpRequest) -> HttpResponse:
        plan = _plan(request.POST)
        found = filled(plan, request.POST, self.organization)
        if found.cart is None or found.error is not None:
            return self._shown(plan, found)
        return _open(request, found.cart, organization=self.organization, by=self.actor)

    def _shown(self, plan: Plan, found: Filled) -> HttpResponse:
        shown = {"plan": plan, "form": found.form, "quote": found.quote}
        return self.page("portal/billing/cart.html", status=found.status, **shown)


class Buy(Page):
    """The same for a guest: the payment page asks for the address, and a mail makes it an account."""

    http_method_names = ("get", "head", "post")

    def get(self, request: HttpRequest) -> HttpResponse:
        if "plan" not in request.GET:
            return redirect("portal:pricing")
        return self._answered(request, request.GET)

    def post(self, request: HttpRequest) -> HttpResponse:
        return self._answered(request, request.POST)

    def _answered(self, request: HttpRequest, given: QueryDict) -> HttpResponse:
        if request.user.is_authenticated:
            return redirect("portal:plans")
        plan = _plan(given)
        try:
            found = filled(plan, given, None)
            if request.method == "POST" and found.cart is not None and found.error is None:
                return _open(request, found.cart, organization=None, by=None)
        except DomainError as error:
            return problem(request, error)
        shown = {"plan": plan, "form": found.form, "quote": found.quote, "nav": "pricing"}
        return render(request, "public/cart.html", shown, status=found.status)


class CheckoutCanceled(Page):
    """Back without having paid: nothing was charged, and the same plan is one button away."""

    http_method_names = ("get", "head")

    def get(self, request: HttpRequest) -> HttpResponse:
        with scoping.system():
            # Only what this very browser began is looked for.
            latest = CheckoutSession.objects.filter(pk__in=begun_here(request)).select_related("plan").first()
        return render(request, "public/checkout_canceled.html", {"plan": latest.plan if latest else None})
