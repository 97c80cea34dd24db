"""Signing in without a password: by a code that is mailed, and works once, for minutes."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from identity import selectors
from identity.models import MailedCode, User, normalize_address
from identity.services import addresses, codes, limits
from platform_core import clock
from platform_core.errors import NotAuthenticated
from platform_core.models import new_id
from platform_core.services import mail

if TYPE_CHECKING:
    from django.http import HttpRequest

WRONG = "This code is not valid, or not any more. Ask for another."


def send(request: "HttpRequest", email: str) -> None:
    """Mail a code. The caller learns nothing of who has an account: to an unknown address goes a mail that says so."""
    address = normalize_address(email)
    limits.spend(request, "request_login_code", key=address)
    user = _person(address)
    with transaction.atomic():
        if user is None:
            key = f"user.unknown:{address}:{clock.wall():%Y%m%d%H}"
            context = {"url": settings.BASE_URL + reverse("account_signup")}
            mail.queue("identity/sign_in_unknown", address, context, key=key)
        else:
            _mail(user)


def person_of(request: "HttpRequest", email: str, code: str) -> User:
    """Whoever the code was mailed to; 401 for every other. They read the address, so it is confirmed."""
    limits.spend(request, "login")
    address = normalize_address(email)
    limits.spend(request, "login_failed", key=address)
    user = _person(address)
    spent = codes.spend(user, MailedCode.Purpose.SIGN_IN, code) if user is not None else None
    if user is None or spent is None or spent.email != user.email:
        raise NotAuthenticated(WRONG)
    limits.forgive(request, "login_failed", key=address)
    if not user.address_confirmed:  # type: ignore[attr-defined]  # asked with the person
        addresses.confirm_own(user)
    return user


def _person(address: str) -> User | None:
    return selectors.signing_in().filter(email=address, status=User.Status.ACTIVE).first()


def _mail(user: User) -> None:
    code = codes.new(user, MailedCode.Purpose.SIGN_IN, user.email)
    context = {"name": user.name, "code": codes.shown(code), "minutes": int(codes.LIFE.total_seconds() // 60)}
    mail.queue("identity/sign_in_code", user.email, context, key=f"user.code:{new_id()}")
