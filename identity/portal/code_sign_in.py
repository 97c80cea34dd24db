"""Signing in with a mailed code, and confirming an address with one."""

from typing import Any

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters

from identity.portal.account_forms import CodeRequestForm, ConfirmCodeForm, MailedCodeForm
from identity.services import code_sign_in, limits
from platform_core.errors import NotAuthenticated
from platform_core.portal.base import OpenPage

# Where this browser remembers whom the code was mailed to.
MAILED_TO = "code_mailed_to"


@method_decorator(sensitive_post_parameters("code"), name="dispatch")
class CodePage(OpenPage):
    """What the pages have in common: whoever is signed in needs no code."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            return redirect("portal:home")
        return super().dispatch(request, *args, **kwargs)


class AskForCode(CodePage):
    """Asks where to mail the code. The next page is the same whether or not there is such an account."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._page(CodeRequestForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = CodeRequestForm(request.POST)
        if not form.is_valid():
            return self._page(form, status=400)
        code_sign_in.send(request, form.cleaned_data["email"])
        request.session[MAILED_TO] = form.cleaned_data["email"]
        return redirect("portal:enter-code")

    def _page(self, form: CodeRequestForm, status: int = 200) -> HttpResponse:
        return render(self.request, "portal/identity/ask_for_code.html", {"form": form}, status=status)


class EnterCode(CodePage):
    """Takes the code, and signs in through the same stages as a password does."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._page(MailedCodeForm()) if MAILED_TO in request.session else redirect("portal:ask-for-code")

    def post(self, request: HttpRequest) -> HttpResponse:
        if MAILED_TO not in request.session:
            return redirect("portal:ask-for-code")
        form = MailedCodeForm(request.POST)
        if not form.is_valid():
            return self._page(form, status=400)
        try:
            user = code_sign_in.person_of(request, request.session[MAILED_TO], form.cleaned_data["code"])
        except NotAuthenticated as error:
            form.add_error("code", error.message)
            return self._page(form, status=400)
        del request.session[MAILED_TO]
        record_authentication(request, user, method="code")
        signed_in: HttpResponse = perform_login(request, Login(user=user))
        return signed_in

    def _page(self, form: MailedCodeForm, status: int = 200) -> HttpResponse:
        values = {"form": form, "address": self.request.session[MAILED_TO]}
        return render(self.request, "portal/identity/enter_code.html", values, status=status)


class ConfirmByCode(CodePage):
    """Confirms an address with the code instead of the link."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._page(ConfirmCodeForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        limits.spend(request, "login")
        form = ConfirmCodeForm(request.POST)
        if not form.is_valid():
            return self._page(form, status=400)
        messages.success(request, "Your email address is confirmed. Sign in now.")
        return redirect("account_login")

    def _page(self, form: ConfirmCodeForm, status: int = 200) -> HttpResponse:
        return render(self.request, "portal/identity/confirm_by_code.html", {"form": form}, status=status)
