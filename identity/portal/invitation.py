"""The page behind the mailed link by which somebody joins an organization."""

from urllib.parse import urlencode

from allauth.account.utils import perform_login
from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters

from identity.models import User
from identity.services import joining, limits
from orgs.models import Invitation
from orgs.portal.pages import SESSION_KEY
from orgs.services import invitations
from platform_core.errors import InvalidInput
from platform_core.portal.base import OpenPage
from platform_core.portal.fields import LineField

TEMPLATE = "portal/identity/invitation.html"


class JoinForm(forms.Form):
    """Who the newcomer is."""

    name = LineField(max_length=80, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    password = forms.CharField(
        max_length=256, strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )


@method_decorator(sensitive_post_parameters("password"), name="dispatch")
class InvitationPage(OpenPage):
    """Looking at it uses nothing up; the button does. Whoever has an account signs in before."""

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        # Guesses are counted before anything is looked up.
        limits.spend(request, "login")
        return self._page(request, invitations.of_token(token), token, JoinForm())

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        limits.spend(request, "login")
        if isinstance(request.user, User):
            return self._join(request, invitations.accept(token, request.user).organization_id)
        invitation, form = invitations.of_token(token), JoinForm(request.POST)
        if not form.is_valid():
            return self._page(request, invitation, token, form)
        try:
            person = joining.sign_up(token, **form.cleaned_data)
        except InvalidInput as error:
            for field, reasons in error.details.items():
                form.add_error(field, list(reasons))
            return self._page(request, invitation, token, form)
        perform_login(request, person)
        return self._join(request, invitation.organization_id)

    def _join(self, request: HttpRequest, organization_id: object) -> HttpResponse:
        request.session[SESSION_KEY] = str(organization_id)
        messages.success(request, "Welcome. You belong to this organization now.")
        return redirect("portal:home")

    def _page(self, request: HttpRequest, invitation: Invitation, token: str, form: JoinForm) -> HttpResponse:
        back = reverse("portal:invitation", args=[token])
        values = {
            "form": form,
            "invitation": invitation,
            "is_theirs": request.user.is_authenticated and request.user.email == invitation.email,
            "has_account": joining.has_account(invitation),
            "login": f"{reverse('account_login')}?{urlencode({'next': back})}",
        }
        return render(request, TEMPLATE, values)
