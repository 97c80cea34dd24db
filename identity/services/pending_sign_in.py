"""Between the first factor and the second. A pending sign-in is no session: its token completes it and nothing else."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, cast

from django.db.models import OuterRef, Subquery, UUIDField

from identity.models import Passkey, PasskeyChallenge, PendingSignIn, TotpDevice, User
from identity.services import passkeys, two_factor
from orgs.models import ACTIVE, Membership
from platform_core import clock, tokens
from platform_core.errors import DomainError, InvalidInput, NotAuthenticated

LIFE = timedelta(minutes=5)
ENDED = "This sign-in has ended. Begin again."

# What judging an answer takes.
PASSKEY = ("id", "name", "credential", "sign_count")


def begin(user: User, *, form: str, methods: Iterable[str]) -> str:
    """The token that stands for a first factor that was right; shown once."""
    now = clock.wall()
    PendingSignIn.objects.filter(user=user, expires_at__lte=now).delete()
    token = tokens.new("pend")
    PendingSignIn.objects.create(
        user=user,
        token_digest=tokens.digest(token),
        form=form,
        methods=sorted(set(methods)),
        security_version=user.security_version,
        expires_at=now + LIFE,
    )
    return token


def of_token(token: str, *, answer: Any = None) -> PendingSignIn:
    """The pending sign-in of a token; 401 for one that is unknown, completed, too old or tried too often.

    The passkey that an answer names, if it is the person's, is found with it.
    """
    credential_id: Any = answer.get("id") if isinstance(answer, Mapping) else None
    named = PendingSignIn.objects.usable().filter(token_digest__in=tokens.digests(token))
    pending: Any = named.select_related("user").annotate(**_asked_next(), **_passkey_named(credential_id)).first()
    if pending is None:
        raise NotAuthenticated(ENDED)
    device_id, secret = pending.device_id, pending.device_secret
    device = TotpDevice(pk=device_id, user=pending.user, secret=secret) if device_id is not None else None
    vars(pending.user).update(known_device=device, first_organization=pending.first_organization)
    if getattr(pending, "passkey_id", None) is not None:
        facts = {name: getattr(pending, f"passkey_{name}") for name in PASSKEY}
        vars(pending.user)["known_passkey"] = Passkey(user=pending.user, credential_id=credential_id, **facts)
    return cast("PendingSignIn", pending)


def _asked_next() -> dict[str, Any]:
    """What completing it needs to know: the person's app, and where they begin."""
    device = TotpDevice.objects.filter(user=OuterRef("user"), confirmed_at__isnull=False).order_by("pk")
    mine = Membership.ALL.filter(ACTIVE, user=OuterRef("user")).order_by("created_at")
    return {
        "device_id": Subquery(device.values("pk")[:1], output_field=UUIDField()),
        "device_secret": Subquery(device.values("secret")[:1], output_field=TotpDevice._meta.get_field("secret")),
        "first_organization": Subquery(mine.values("organization_id")[:1], output_field=UUIDField()),
    }


def _passkey_named(credential_id: object) -> dict[str, Any]:
    if not isinstance(credential_id, str) or "\x00" in credential_id:
        return {}
    named = Passkey.objects.filter(user=OuterRef("user"), credential_id=credential_id)
    return {f"passkey_{name}": Subquery(named.values(name)[:1]) for name in PASSKEY}


def prove_by_code(pending: PendingSignIn, code: str) -> str:
    """Complete it with a code, and say by which method. Five wrong ones end it."""
    with proved_by_code(pending, code) as method:
        return method


@contextmanager
def proved_by_code(pending: PendingSignIn, code: str) -> Iterator[str]:
    """The same, for a sign-in that begins in one transaction with the code that it takes."""
    with _taken(pending):
        try:
            seen = clock.wall()
            with two_factor.proved_by_code(pending.user, code, last_login=seen) as method:
                pending.user.last_login = seen
                yield method
        except two_factor.WrongCode as error:
            raise NotAuthenticated(two_factor.WRONG_CODE) from error


def passkey_options(pending: PendingSignIn) -> dict[str, Any]:
    """What a browser needs to ask for one of the person's passkeys."""
    return passkeys.request_options(PasskeyChallenge.Purpose.SECOND_FACTOR, pending.user)


def prove_by_passkey(pending: PendingSignIn, answer: Mapping[str, Any]) -> str:
    """Complete it with a passkey."""
    with _taken(pending):
        try:
            passkeys.accept(PasskeyChallenge.Purpose.SECOND_FACTOR, answer, pending.user)
        except InvalidInput as error:
            raise NotAuthenticated(error.message) from error
    return two_factor.PASSKEY


@contextmanager
def _taken(pending: PendingSignIn) -> Iterator[None]:
    """Of all who prove it at once, one is looked at, and let in or not; the others are told that it has ended."""
    if not PendingSignIn.objects.take(pending.pk):
        raise NotAuthenticated(ENDED)
    try:
        yield
    except DomainError:
        PendingSignIn.objects.give_back(pending.pk)
        raise
