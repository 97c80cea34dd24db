"""The page behind the mailed link by which a guest sets their first password."""

from allauth.account.utils import perform_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters

from identity.portal.forms import WelcomeForm
from identity.services import passwords
from platform_core.errors import InvalidInput
from platform_core.portal.base import OpenPage

TEMPLATE = "portal/identity/welcome.html"


@method_decorator(sensitive_post_parameters("password"), name="dispatch")
class Welcome(OpenPage):
    """Works once, and signs the person in."""

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        return self._page(request, token, WelcomeForm())

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        form = WelcomeForm(request.POST)
        if not form.is_valid():
            return self._page(request, token, form)
        try:
            user = passwords.set_by_link(token, form.cleaned_data["password"])
        except InvalidInput as error:
            form.add_error("password", list(error.details["password"]))
            return self._page(request, token, form)
        signed_in: HttpResponse = perform_login(request, user)
        return signed_in

    def _page(self, request: HttpRequest, token: str, form: WelcomeForm) -> HttpResponse:
        return render(request, TEMPLATE, {"form": form, "person": passwords.person_of_link(token)})
