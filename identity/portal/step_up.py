"""The page that asks a signed-in person to prove once more who they are."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from identity.portal.forms import CodeForm, PasskeyForm, PasswordForm
from identity.services import sessions, step_up, two_factor
from orgs.portal.pages import OrganizationPage
from platform_core.errors import InvalidInput, NotFound

TEMPLATE = "portal/identity/step_up.html"


class StepUpPage(OrganizationPage):
    """One proof, for one purpose; then back to where it was wanted."""

    access = {"GET": "person", "POST": "person"}
    unaudited = {"POST": "The session tells of the proof; a wrong code is only counted."}
    personal = True
    nav = "security"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._page(CodeForm() if two_factor.is_enabled(self.actor) else PasswordForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = self._form(request)
        if form.is_valid():
            try:
                self._prove(form.cleaned_data)
            except InvalidInput as error:
                for name, told in error.details.items():
                    form.add_error(name, list(told))
            else:
                sessions.renew(request)
                return redirect(self._back())
        return self._page(form)

    def _form(self, request: HttpRequest) -> forms.Form:
        if "passkey" in request.POST:
            return PasskeyForm(request.POST)
        return PasswordForm(request.POST) if "password" in request.POST else CodeForm(request.POST)

    def _prove(self, given: dict[str, Any]) -> None:
        purpose = self._purpose()
        if "passkey" in given:
            step_up.by_passkey(self.session, purpose, given["passkey"])
        elif "password" in given:
            step_up.by_password(self.session, purpose, given["password"])
        else:
            step_up.by_code(self.session, purpose, given["code"])

    def _purpose(self) -> str:
        purpose = self.request.GET.get("purpose", "")
        if purpose not in step_up.PURPOSES:
            raise NotFound("There is nothing to confirm.")
        return purpose

    def _back(self) -> str:
        back = self.request.GET.get("next", "")
        safe = back.startswith("/") and url_has_allowed_host_and_scheme(back, allowed_hosts=None)
        return back if safe else reverse("portal:security")

    def _page(self, form: forms.Form) -> HttpResponse:
        refused = form.refusal if isinstance(form, PasskeyForm) else ""
        shown = CodeForm() if isinstance(form, PasskeyForm) else form
        doing = step_up.PURPOSES[self._purpose()]
        has = two_factor.status(self.actor)
        shown_too: dict[str, Any] = {"refused": refused, "doing": doing, "back": self._back()}
        return self.page(TEMPLATE, form=shown, has_app=has.totp, has_passkeys=has.passkeys > 0, **shown_too)
