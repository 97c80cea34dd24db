"""Whom invoices are made out to, and the credits that pay them."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from billing.countries import NAMES
from billing.models import BillingProfile, Wallet, WalletGrant, WalletMovement
from billing.services import billing_profiles
from orgs import roles
from orgs.portal.pages import OrganizationPage
from platform_core.errors import InvalidInput
from platform_core.portal.fields import LineField

SHOWN = 50
# What the form calls what the API calls otherwise.
FIELDS = {"taxId": "tax_id"}


class DetailsForm(forms.Form):
    """Name, address and tax id, as they are to stand on invoices."""

    legal_name = LineField(max_length=120, required=False, label="Company or person")
    line1 = LineField(max_length=120, required=False, label="Street")
    line2 = LineField(max_length=120, required=False, label="Second line")
    postal_code = LineField(max_length=20, required=False, label="Postal code")
    city = LineField(max_length=80, required=False, label="City")
    region = LineField(max_length=40, required=False, label="State or region")
    country = forms.ChoiceField(
        required=False, choices=[("", "Choose"), *sorted(NAMES.items(), key=lambda each: each[1])]
    )
    tax_id = LineField(max_length=40, required=False, label="Tax id", help_text="Such as DE123456789.")


class Details(OrganizationPage):
    """Everybody who sees invoices sees them; whoever buys changes them."""

    access = {"GET": roles.BILLING_READ, "POST": roles.BILLING_MANAGE}
    unaudited = {"POST": "What is set is audited; that there is now a row to set it in is not."}
    nav = "invoices"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.details()

    def post(self, request: HttpRequest) -> HttpResponse:
        form = DetailsForm(request.POST)
        if not form.is_valid():
            return self.details(form)
        try:
            billing_profiles.update(self.organization, form.cleaned_data, by=self.actor)
        except InvalidInput as error:
            for name, problems in error.details.items():
                form.add_error(FIELDS.get(name, name), list(problems))
            return self.details(form)
        messages.success(request, "The details are saved. They stand on your next invoices.")
        return redirect("portal:billing-details")

    def details(self, form: DetailsForm | None = None) -> HttpResponse:
        """The page, with the form that was not right where there was one."""
        profile = BillingProfile.objects.filter(organization=self.organization).first()
        initial: dict[str, Any] = {name: getattr(profile, name, "") for name in billing_profiles.FIELDS}
        status = 400 if form else 200
        return self.page(
            "portal/billing/details.html", status=status, form=form or DetailsForm(initial=initial), profile=profile
        )


class Credits(OrganizationPage):
    """What is in the wallet, how it came there and what it was used for."""

    access = {"GET": roles.BILLING_READ}
    nav = "invoices"

    def get(self, request: HttpRequest) -> HttpResponse:
        owned = WalletGrant.objects.filter(wallet__organization=self.organization).select_related("wallet")
        moved = WalletMovement.objects.filter(grant__wallet__organization=self.organization)
        return self.page(
            "portal/billing/credits.html",
            wallets=Wallet.objects.filter(organization=self.organization).order_by("currency"),
            grants=owned[:SHOWN],
            movements=moved.select_related("grant__wallet", "invoice")[:SHOWN],
        )
