"""The page behind the mailed link by which somebody becomes staff."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters

from identity.services import invitations, limits
from platform_core.errors import InvalidInput
from platform_core.portal.base import OpenPage
from platform_core.portal.fields import LineField

TEMPLATE = "portal/identity/staff_invitation.html"


class AcceptForm(forms.Form):
    """Whoever has an account gives its password; everybody else a name and a password to be."""

    name = LineField(max_length=80, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    password = forms.CharField(
        max_length=256, strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )

    def __init__(self, *args: Any, has_account: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if has_account:
            del self.fields["name"]
            self.fields["password"].widget.attrs["autocomplete"] = "current-password"


@method_decorator(sensitive_post_parameters("password"), name="dispatch")
class StaffInvitationPage(OpenPage):
    """Works once, and leads to the console's sign-in."""

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        return self._page(request, token, None)

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        limits.spend(request, "login")
        form = AcceptForm(request.POST, has_account=invitations.has_account(invitations.of_token(token)))
        if not form.is_valid():
            return self._page(request, token, form)
        try:
            invitations.accept(token, **form.cleaned_data)
        except InvalidInput as error:
            for field, reasons in error.details.items():
                form.add_error(field, list(reasons))
            return self._page(request, token, form)
        messages.success(request, "Welcome to the staff. Sign in to go on.")
        return redirect("admin:index")

    def _page(self, request: HttpRequest, token: str, form: AcceptForm | None) -> HttpResponse:
        invitation = invitations.of_token(token)
        has_account = invitations.has_account(invitation)
        values = {
            "form": form or AcceptForm(has_account=has_account),
            "invitation": invitation,
            "has_account": has_account,
        }
        return render(request, TEMPLATE, values)
