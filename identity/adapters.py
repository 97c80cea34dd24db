"""How allauth treats our accounts: its pages and flows, our rules, our mail."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme

from identity.models import Session, User, normalize_address
from identity.services import addresses, limits, passwords, sessions
from identity.services.sign_in import REFUSED, may_enter
from platform_core.errors import RateLimited
from platform_core.middleware import client_ip
from platform_core.models import new_id
from platform_core.services import mail

# allauth's names for ways to prove who one is, in the words of RFC 8176.
METHODS = {"password": "pwd", "totp": "otp", "recovery_codes": "rc", "webauthn": "hwk", "code": "mail"}


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """allauth's hooks, each led to the service that knows the rule."""

    error_messages = {**DefaultAccountAdapter.error_messages, "email_password_mismatch": REFUSED}

    def is_safe_url(self, url: str) -> bool:
        """After signing in people stay here: only paths of this site."""
        return url.startswith("/") and url_has_allowed_host_and_scheme(url, allowed_hosts=None)

    def get_client_ip(self, request: HttpRequest) -> str:
        """The address that the audit log and the rate limits see is one and the same."""
        return client_ip(request) or super().get_client_ip(request)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Counted before the password is looked at, in one step: many tries at once are no more tries."""
        try:
            limits.spend(request, "login_failed", key=_account(credentials))
        except RateLimited as error:
            # What a form can show; the API answers with the cause.
            raise self.validation_error("too_many_login_attempts") from error

    def _delete_login_attempts_cached_email(self, request: HttpRequest, **credentials: Any) -> None:
        # After a reset by mail, wrong guesses of others must not keep the person out.
        limits.clear(request, "login_failed", key=_account(credentials))

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """A right password lets nobody in whose address is not confirmed, and only failures are counted."""
        user: User | None = super().authenticate(request, **credentials)
        if user is not None:
            limits.forgive(request, "login_failed", key=_account(credentials))
        return user if user is not None and may_enter(request, user) else None

    def get_login_stages(self) -> list[str]:
        """After allauth's own stages, the second factor: no way through the pages goes around it."""
        return [*super().get_login_stages(), "identity.portal.second_factor.SecondFactorStage"]

    def login(self, request: HttpRequest, user: User) -> None:
        """The last of allauth's login stages: every way through the pages ends here."""
        records = get_authentication_records(request, user)
        methods = {METHODS.get(str(each.get("type") or each["method"]), "mail") for each in records} or {"mail"}
        two_factor = any(each["method"] == "mfa" for each in records)
        sessions.begin(user, kind=Session.Kind.PAGES, methods=methods, two_factor=two_factor, request=request)

    def logout(self, request: HttpRequest) -> None:
        sessions.leave(request)

    def set_password(self, user: User, password: str) -> None:
        """Every flow that changes a password ends here. Whoever changes their own stays signed in where they are."""
        here = sessions.of_request(self.request)
        keep = here if here is not None and here.user_id == user.pk else None
        passwords.set_password(user, password, by=user, keep=keep)

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """The link in the mail and the API end in the same service."""
        confirmed = addresses.confirm(email_address)
        if confirmed:
            self.add_message(request, messages.SUCCESS, message="Your email address is confirmed.")
        return confirmed

    def should_send_confirmation_mail(self, request: HttpRequest, email_address: EmailAddress, signup: bool) -> bool:  # noqa: FBT001
        """Sign-up queued its mail in the transaction that opened the account."""
        return not signup

    def send_confirmation_mail(self, request: HttpRequest, emailconfirmation: Any, signup: bool) -> None:  # noqa: FBT001
        address = emailconfirmation.email_address
        if limits.fits(request, "confirm_email", key=address.email):
            with transaction.atomic():
                addresses.send_confirmation(address)

    def send_account_already_exists_mail(self, email: str) -> None:
        addresses.tell_taken(normalize_address(email))

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """All other mail of allauth: queued, with links to the configured address whatever Host the request named."""
        name = template_prefix.rpartition("/")[2]
        links = {key: _ours(value) for key, value in context.items() if key.endswith("_url")}
        user: AbstractBaseUser | None = context.get("user")
        with transaction.atomic():
            mail.queue(
                f"identity/{name}",
                email,
                {"name": user.name if isinstance(user, User) else email, **links},
                key=f"allauth.{name}:{new_id()}",
            )


def _account(credentials: Mapping[str, Any]) -> str:
    return normalize_address(str(credentials.get("email") or credentials.get("username") or ""))


def _ours(url: str) -> str:
    parts = urlsplit(url)
    return f"{settings.BASE_URL}{parts.path}{'?' + parts.query if parts.query else ''}"
