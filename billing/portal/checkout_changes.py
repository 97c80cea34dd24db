"""The page of a checkout that changes a subscription: what it costs, and the button that confirms it."""

from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect

from billing.models import CheckoutSession, Subscription
from billing.portal.billing import BillingSurroundings
from billing.portal.changes import proposed
from billing.services import offers, proposals
from orgs import roles
from orgs.portal.pages import SESSION_KEY
from platform_core import scoping
from platform_core.errors import DomainError


class CheckoutChange(BillingSurroundings):
    """Of any organization of the person's: the page works in the one that the checkout is for."""

    access = {"GET": roles.BILLING_MANAGE, "POST": roles.BILLING_MANAGE}

    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if request.user.is_authenticated:
            self._work_in(str(kwargs["pk"]))
        return super().dispatch(request, *args, **kwargs)

    def _work_in(self, pk: str) -> None:
        mine = [each.organization_id for each in self.memberships]
        with scoping.using(scoping.of_organizations(mine)):
            found = CheckoutSession.objects.filter(pk=pk, organization__in=mine).values_list("organization", flat=True)
            organization = found.first()
        if organization is not None:
            self.request.session[SESSION_KEY] = str(organization)

    def offer(self, pk: UUID) -> tuple[CheckoutSession, Subscription]:
        """The checkout, and what it changes; one that begins a subscription has its page at the provider."""
        mine = CheckoutSession.objects.filter(organization=self.organization, pk=pk)
        related = ("plan", "price__plan__product", "subscription__plan__product", "subscription__price")
        row = mine.select_related("subscription__organization", *related).first()
        if row is None or row.subscription is None:
            raise Http404
        return row, row.subscription

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        row, subscription = self.offer(pk)
        if row.status != CheckoutSession.Status.OPEN:
            return redirect("portal:billing")
        return self._shown(row, subscription)

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        row, subscription = self.offer(pk)
        try:
            url = offers.accept(row, proposed(subscription, request.POST), by=self.actor)
        except DomainError as error:
            return self._shown(row, subscription, error=error)
        if url.startswith(f"{settings.BASE_URL}/"):
            return redirect(url)
        # A form may not lead to another site, a link may.
        return self.page("portal/billing/checkout_changed.html", plan=row.plan, url=url)

    def _shown(
        self, row: CheckoutSession, subscription: Subscription, *, error: DomainError | None = None
    ) -> HttpResponse:
        proposal, status = None, error.status if error else 200
        try:
            quantity = proposals.quantity_at(subscription, row.price)
            proposal = proposals.at_provider(proposals.propose(subscription, row.price, quantity))
        except DomainError as refusal:
            error = error or refusal
        return self.page(
            "portal/billing/checkout_change.html",
            status=status,
            subscription=subscription,
            proposal=proposal,
            back=row.cancel_url,
            error=error.message if error else "",
        )
