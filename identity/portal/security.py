"""How a person signs in: their authenticator app, their passkeys, their recovery codes."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from identity.models import Passkey
from identity.models.sessions import ENROL
from identity.portal.forms import CodeForm, PasskeyCreateForm, PasskeyNameForm
from identity.services import passkeys, two_factor
from orgs.portal.pages import OrganizationPage
from platform_core.errors import DomainError, InvalidInput, NotFound

TEMPLATE = "portal/identity/security.html"
APP = "portal/identity/security_app.html"
CODES = "portal/identity/recovery_codes.html"


class SecurityPage(OrganizationPage):
    """What the pages about signing in have in common: they are about the person, and open before enrolment."""

    personal = True
    nav = "security"

    def codes_or_back(self, codes: list[str], said: str) -> HttpResponse:
        """New recovery codes are shown in the answer itself, and kept nowhere."""
        messages.success(self.request, said)
        return self.page(CODES, codes=codes) if codes else redirect("portal:security")

    def passkey(self, pk: UUID) -> Passkey:
        """One of the person's own; another's does not exist for them."""
        found = self.actor.passkeys.select_related("user").filter(pk=pk).first()
        if found is None:
            raise NotFound("There is no such passkey.")
        return found


class Security(SecurityPage):
    """Everything at a glance."""

    access = {"GET": "person"}

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.page(
            TEMPLATE,
            two_factor=two_factor.status(self.actor),
            passkeys=self.actor.passkeys.order_by("created_at"),
            passkeys_are_possible=passkeys.are_possible(),
            must_enrol=two_factor.is_required(self.actor) and not self.session.has_two_factor,
        )


class SetUpApp(SecurityPage):
    """Begin with an authenticator app."""

    access = {"POST": "person"}
    form_page = "portal:security"
    step_up = {"POST": ENROL}
    unaudited = {"POST": "A secret counts for nothing before its first code."}

    def post(self, request: HttpRequest) -> HttpResponse:
        two_factor.set_up(self.actor)
        return redirect("portal:security-app")


class App(SecurityPage):
    """The code to scan, until its first code is given."""

    access = {"GET": "person", "POST": "person"}
    step_up = {"GET": ENROL, "POST": ENROL}

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._page(CodeForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = CodeForm(request.POST)
        if not form.is_valid():
            return self._page(form, status=400)
        try:
            codes = two_factor.confirm(self.actor, form.cleaned_data["code"], session=self.session)
        except InvalidInput as error:
            form.add_error("code", error.message)
            return self._page(form, status=400)
        return self.codes_or_back(codes, "Your authenticator app is on.")

    def _page(self, form: CodeForm, *, status: int = 200) -> HttpResponse:
        waiting = two_factor.being_set_up(self.actor)
        if waiting is None:
            return redirect("portal:security")
        return self.page(APP, status=status, form=form, set_up=waiting)


class RemoveApp(SecurityPage):
    """Forget the authenticator app."""

    access = {"POST": "person"}
    form_page = "portal:security"
    step_up = {"POST": ENROL}

    def post(self, request: HttpRequest) -> HttpResponse:
        two_factor.remove_app(self.actor, session=self.session)
        messages.success(request, "The authenticator app is removed.")
        return redirect("portal:security")


class Disable(SecurityPage):
    """From now on the password alone."""

    access = {"POST": "person"}
    form_page = "portal:security"
    step_up = {"POST": "two_factor.disable"}

    def post(self, request: HttpRequest) -> HttpResponse:
        two_factor.disable(self.actor, session=self.session)
        messages.success(request, "Two-factor authentication is off.")
        return redirect("portal:security")


class RecoveryCodes(SecurityPage):
    """New recovery codes."""

    access = {"POST": "person"}
    form_page = "portal:security"
    step_up = {"POST": "backup_codes.generate"}

    def post(self, request: HttpRequest) -> HttpResponse:
        codes = two_factor.new_recovery_codes(self.actor)
        return self.codes_or_back(codes, "The codes from before do not work any more.")


class AddPasskey(SecurityPage):
    """Name a passkey and make it: the browser fills in the form."""

    access = {"GET": "person", "POST": "person"}
    step_up = {"GET": ENROL, "POST": ENROL}

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._page(PasskeyCreateForm(initial={"name": "My passkey"}))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = PasskeyCreateForm(request.POST)
        if not form.is_valid():
            return self._page(form, status=400)
        given = form.cleaned_data
        try:
            _, codes = two_factor.add_passkey(self.actor, given["passkey"], name=given["name"], session=self.session)
        except DomainError as error:
            form.add_error(None, error.message)
            return self._page(form, status=400)
        return self.codes_or_back(codes, f"“{given['name']}” is added.")

    def _page(self, form: PasskeyCreateForm, *, status: int = 200) -> HttpResponse:
        return self.page("portal/identity/passkey_add.html", status=status, form=form, possible=passkeys.are_possible())


class PasskeyPage(SecurityPage):
    """One passkey: its name, and the way to remove it."""

    access = {"GET": "person", "POST": "person"}

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        found = self.passkey(pk)
        return self._page(found, PasskeyNameForm(initial={"name": found.name}))

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        found, form = self.passkey(pk), PasskeyNameForm(request.POST)
        if not form.is_valid():
            return self._page(found, form, status=400)
        passkeys.rename(found, form.cleaned_data["name"], by=self.actor)
        messages.success(request, "The name is saved.")
        return redirect("portal:security")

    def _page(self, found: Passkey, form: PasskeyNameForm, *, status: int = 200) -> HttpResponse:
        return self.page("portal/identity/passkey.html", status=status, form=form, passkey=found)


class RemovePasskey(SecurityPage):
    """Forget a passkey."""

    access = {"POST": "person"}
    form_page = "portal:security"
    step_up = {"POST": ENROL}

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        two_factor.remove_passkey(self.actor, pk, session=self.session)
        messages.success(request, "The passkey is removed.")
        return redirect("portal:security")
