"""Signing in. Whatever proved the first factor, and wherever, ends in the functions of this module."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction

from identity.models import PasskeyChallenge, PendingSignIn, Session, User
from identity.services import addresses, limits, passkeys, pending_sign_in, sessions, tokens, two_factor
from identity.services.tokens import IssuedTokens
from orgs.selectors import organization_in_use
from platform_core.errors import InvalidInput, NotAuthenticated

if TYPE_CHECKING:
    from django.http import HttpRequest

REFUSED = (
    "The email address or the password is not correct, or the address is not confirmed yet: "
    "in that case we have mailed the link again."
)

UNKNOWN = object()


@dataclass(frozen=True)
class SecondFactorNeeded:
    """The first factor was right, and there is another: the token stands for it until `complete`."""

    pending_token: str


def sign_in(request: "HttpRequest", email: str, password: str) -> IssuedTokens | SecondFactorNeeded:
    """Tokens for the right password. Every refusal says the same and costs the same one hash."""
    return by_tokens(person_of(request, email, password), methods=["pwd"])


def staff_sign_in(request: "HttpRequest", email: str, password: str) -> IssuedTokens | SecondFactorNeeded:
    """The same for staff only: to everybody else the password is wrong."""
    user = person_of(request, email, password)
    if not user.is_staff:
        raise NotAuthenticated(REFUSED)
    return by_tokens(user, methods=["pwd"])


def by_tokens(user: User, *, methods: Iterable[str]) -> IssuedTokens | SecondFactorNeeded:
    """Tokens for a person whose first factor is proved, unless there is a second."""
    if _has_second_factor(user):
        return SecondFactorNeeded(pending_sign_in.begin(user, form=Session.Kind.TOKENS, methods=methods))
    return tokens.issue(user, organization_id=_organization_of(user), methods=methods)


def by_pages(request: "HttpRequest", user: User, *, methods: Iterable[str]) -> Session | SecondFactorNeeded:
    """The same with a session of the pages, which this browser carries from now on."""
    if _has_second_factor(user):
        return SecondFactorNeeded(pending_sign_in.begin(user, form=Session.Kind.PAGES, methods=methods))
    return sessions.begin(user, kind=Session.Kind.PAGES, methods=methods, request=request)


def passkey_options() -> dict[str, Any]:
    """What a browser needs to ask for whichever passkey its person has here."""
    return passkeys.request_options(PasskeyChallenge.Purpose.SIGN_IN)


def person_of_passkey(answer: Mapping[str, Any]) -> User:
    """Whose passkey this is; 401 for every other answer."""
    try:
        return passkeys.accept(PasskeyChallenge.Purpose.SIGN_IN, answer).user
    except InvalidInput as error:
        raise NotAuthenticated(error.message) from error


def by_passkey(user: User) -> IssuedTokens:
    """Tokens for a passkey, which verifies its holder and so is both factors."""
    in_use = organization_in_use(user)
    return tokens.issue(user, organization_id=in_use, methods=[two_factor.PASSKEY], two_factor=True)


def complete_by_code(request: "HttpRequest", pending: PendingSignIn, code: str) -> IssuedTokens | Session:
    """The person is signed in by a code, in the form in which they began."""
    with pending_sign_in.proved_by_code(pending, code) as method:
        return complete(request, pending, method)


def complete(request: "HttpRequest", pending: PendingSignIn, method: str) -> IssuedTokens | Session:
    """The second factor is proved too: the person is signed in, in the form in which they began."""
    methods = [*pending.methods, method]
    if pending.form == Session.Kind.TOKENS:
        in_use = _organization_of(pending.user)
        return tokens.issue(pending.user, organization_id=in_use, methods=methods, two_factor=True)
    return sessions.begin(pending.user, kind=pending.form, methods=methods, two_factor=True, request=request)


def person_of(request: "HttpRequest", email: str, password: str) -> User:
    """Whoever has this address and password, and has confirmed the address; 401 for every other reason."""
    limits.spend(request, "login")
    try:
        user: User | None = get_adapter(request).authenticate(request, email=email, password=password)
    except ValidationError as error:
        # The only reason for which the adapter raises: this address or this caller failed too often.
        raise error.__cause__ or error from None
    if user is None:
        raise NotAuthenticated(REFUSED)
    return user


def may_enter(request: "HttpRequest", user: User) -> bool:
    """Whether somebody with the right password has confirmed their address; the link is mailed again if not.

    The answer to the caller is that of a wrong password: otherwise whoever signs up with an address and then signs in
    learns whether it had an account before.
    """
    if settings.ACCOUNT_EMAIL_VERIFICATION != "mandatory" or _is_confirmed(user):
        return True
    if limits.fits(request, "confirm_email", key=user.email):
        with transaction.atomic():
            addresses.send_confirmation(addresses.own(user))
    return False


def _is_confirmed(user: User) -> bool:
    known = _known(user, "address_confirmed")
    return addresses.is_confirmed(user) if known is UNKNOWN else bool(known)


def _has_second_factor(user: User) -> bool:
    known = _known(user, "two_factor_on")
    return two_factor.is_enabled(user) if known is UNKNOWN else bool(known)


def _organization_of(user: User) -> UUID | None:
    known: Any = _known(user, "first_organization")
    return organization_in_use(user) if known is UNKNOWN else known


def _known(user: User, name: str) -> object:
    """What was found out with the person, moments ago; people come here by ways that ask nothing, too."""
    return getattr(user, name, UNKNOWN)
