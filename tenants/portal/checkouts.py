"""Back from the payment page: what has come of the purchase."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from billing.models import CheckoutSession
from billing.portal.checkout import begun_here
from orgs.models import organizations_of
from orgs.portal.pages import SESSION_KEY
from platform_core import scoping
from platform_core.portal.base import Page
from tenants.models import Order


class CheckoutReturn(Page):
    """Waits, by asking again, until the payment's webhook was taken in; then leads on to the order."""

    http_method_names = ("get", "head")

    def get(self, request: HttpRequest) -> HttpResponse:
        # The buyer may have no account yet, so the question is answered by what this browser began.
        with scoping.system():
            purchase = self._mine(request)
            order = _order_of(purchase)
        if order is not None and _may_enter(request, purchase):
            return self._enter(request, order)
        return render(request, "portal/tenants/checkout_return.html", {"purchase": purchase, "order": order})

    def _mine(self, request: HttpRequest) -> CheckoutSession:
        found = CheckoutSession.objects.select_related("plan", "organization")
        purchase = found.filter(provider_session_id=request.GET.get("session") or "-").first()
        if purchase is None or not (str(purchase.pk) in begun_here(request) or _may_enter(request, purchase)):
            raise Http404
        return purchase

    def _enter(self, request: HttpRequest, order: Order) -> HttpResponse:
        request.session[SESSION_KEY] = str(order.organization_id)
        response = redirect("portal:order", order.pk)
        if "HX-Request" in request.headers:
            # The fragment that asked would swallow a redirect; the page itself must go.
            return HttpResponse(headers={"HX-Redirect": response.url})
        return response


def _may_enter(request: HttpRequest, purchase: CheckoutSession) -> bool:
    """Whether the purchase belongs to an organization of the person who is signed in."""
    return request.user.is_authenticated and purchase.organization_id in organizations_of(request.user)


def _order_of(purchase: CheckoutSession) -> Order | None:
    """The order that the purchase opened."""
    subscription = purchase.provider_subscription_id
    if not subscription:
        return None
    return Order.objects.filter(subscription__provider_subscription_id=subscription).first()
