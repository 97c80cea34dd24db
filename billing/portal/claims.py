"""Where the holder of an address says that a purchase was theirs."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from billing.services import checkout
from platform_core.portal.base import PortalView


class Claim(PortalView):
    """Shows the question; only the answer, a POST, changes anything: mail scanners follow links."""

    access = {"GET": "person", "POST": "person"}

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        return self.page("portal/billing/claim.html")

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        purchase = checkout.confirm_claim(token, by=self.actor)
        request.session["organization"] = str(purchase.organization_id)
        return redirect("portal:home")
