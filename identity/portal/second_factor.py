"""The second factor at the pages' sign-in: a stage of allauth's login, and signing in by passkey alone."""

from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from allauth.account.stages import LoginStage, LoginStageController
from django import forms
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from identity.models import PendingSignIn, Session
from identity.portal.forms import NO_PASSKEY, CodeForm, PasskeyForm
from identity.services import limits, pending_sign_in, sign_in, two_factor
from platform_core.errors import DomainError, NotAuthenticated
from platform_core.portal.base import Page
from platform_core.portal.errors import problem

TEMPLATE = "portal/identity/second_factor.html"
# Our words for what was proved, in allauth's.
RECORDED = {two_factor.OTP: "totp", two_factor.RECOVERY: "recovery_codes", two_factor.PASSKEY: "webauthn"}
# Marks a login that a passkey began: it verified its holder, which is both factors.
BOTH = "passkey"


class SecondFactorStage(LoginStage):  # type: ignore[misc]
    """Whoever has a second factor is asked for it before there is a session."""

    key = "second_factor"
    urlname = "portal:second-factor"

    def handle(self) -> tuple[HttpResponse | None, bool]:
        user = self.login.user
        if self.login.state.get(BOTH) or not two_factor.is_enabled(user):
            return None, True
        mailed = any(each["method"] == "code" for each in get_authentication_records(self.request, user))
        methods = ["mail" if mailed else "pwd"]
        self.state["token"] = pending_sign_in.begin(user, form=Session.Kind.PAGES, methods=methods)
        return redirect(self.urlname), True


def _recorded(request: HttpRequest, user: Any, method: str) -> None:
    """What the session is begun with, once allauth's stages are through."""
    record_authentication(request, user, method="mfa", type=RECORDED[method])


@method_decorator([never_cache, sensitive_post_parameters("code", "passkey")], name="dispatch")
class SecondFactor(Page):
    """Asks for a code or a passkey. Whoever comes without having begun is sent to the sign-in."""

    unaudited = {"POST": "Signing in tells of itself; a wrong code is only counted."}
    http_method_names = ("get", "head", "post")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.stage = LoginStageController.enter(request, SecondFactorStage.key)
        if self.stage is None:
            return redirect("account_login")
        try:
            self.pending = pending_sign_in.of_token(self.stage.state["token"])
            return super().dispatch(request, *args, **kwargs)
        except NotAuthenticated:
            # Too old, or tried too often: from the beginning.
            aborted: HttpResponse = self.stage.abort()
            return aborted
        except DomainError as error:
            return problem(request, error)

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._page(CodeForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form: forms.Form = PasskeyForm(request.POST) if "passkey" in request.POST else CodeForm(request.POST)
        if form.is_valid():
            try:
                return self._proved(form.cleaned_data)
            except NotAuthenticated as error:
                form.add_error("passkey" if "passkey" in form.fields else "code", error.message)
        if isinstance(form, PasskeyForm):
            return self._page(CodeForm(), refused=form.refusal)
        return self._page(form)

    def _proved(self, given: dict[str, Any]) -> HttpResponse:
        if "passkey" in given:
            method = pending_sign_in.prove_by_passkey(self.pending, given["passkey"])
        else:
            method = pending_sign_in.prove_by_code(self.pending, given["code"])
        _recorded(self.request, self.pending.user, method)
        done: HttpResponse = self.stage.exit()
        return done

    def _page(self, form: forms.Form, *, refused: str = "") -> HttpResponse:
        if not PendingSignIn.objects.usable().filter(pk=self.pending.pk).exists():
            raise NotAuthenticated(pending_sign_in.ENDED)
        shown = {
            "form": form,
            "refused": refused,
            "token": self.stage.state["token"],
            "has_app": two_factor.status(self.pending.user).totp,
            "has_passkeys": self.pending.user.passkeys.exists(),
        }
        return render(self.request, TEMPLATE, shown)


@method_decorator([never_cache, sensitive_post_parameters("passkey")], name="dispatch")
class PasskeySignIn(Page):
    """The form of the sign-in page that a passkey fills in."""

    form_page = "account_login"

    def post(self, request: HttpRequest) -> HttpResponse:
        form = PasskeyForm(request.POST)
        try:
            limits.spend(request, "login")
            if not form.is_valid():
                raise NotAuthenticated(NO_PASSKEY)
            user = sign_in.person_of_passkey(form.cleaned_data["passkey"])
        except DomainError as error:
            return problem(request, error)
        _recorded(request, user, two_factor.PASSKEY)
        login = Login(user=user, redirect_url=form.cleaned_data["next"] or None, state={BOTH: True})
        done: HttpResponse = perform_login(request, login)
        return done
