"""How the organization pays: added on the provider's page, chosen and removed here."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from billing.models import PaymentMethod
from billing.portal.changes import ChangingPage
from billing.services import payment_methods
from orgs import roles
from platform_core.errors import DomainError


class PaymentMethodPage(ChangingPage):
    """Acts on one payment method of the organization."""

    access = {"POST": roles.BILLING_MANAGE}
    form_page = "portal:billing"

    def method(self, pk: UUID) -> PaymentMethod:
        """One that can be charged; anybody else's does not exist."""
        mine = PaymentMethod.objects.present().filter(organization=self.organization)
        return get_object_or_404(mine.select_related("organization"), pk=pk)


class AddPaymentMethod(PaymentMethodPage):
    """To the provider's page."""

    def post(self, request: HttpRequest) -> HttpResponse:
        try:
            setup = payment_methods.begin_setup(self.organization, by=self.actor)
        except DomainError as error:
            messages.warning(request, error.message)
            return redirect("portal:billing")
        return redirect(setup.url)


class UsePaymentMethod(PaymentMethodPage):
    """From now on everything is paid with it, what is due at once."""

    unaudited = {"POST": "What the provider refuses leaves nothing but the customer that it knows us by."}

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        method = self.method(pk)
        return self.carried_out(
            lambda: payment_methods.make_default(method, by=self.actor), f"From now on {method} pays."
        )


class RemovePaymentMethod(PaymentMethodPage):
    """Forgets it, unless a subscription needs it."""

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        method = self.method(pk)
        return self.carried_out(lambda: payment_methods.remove(method, by=self.actor), f"{method} is removed.")
