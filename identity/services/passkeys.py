"""Passkeys (WebAuthn): made for one person at this address, and always verifying their holder (UV).

python-fido2 checks what a browser sends. The questions are rows: each is answered at most once, for five minutes,
by whichever worker the answer reaches.
"""

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, cast
from urllib.parse import urlsplit

from django.conf import settings
from django.db import IntegrityError, transaction
from fido2.cose import UnsupportedKey
from fido2.server import Fido2Server
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    AuthenticatorData,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    RegistrationResponse,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from identity.models import Passkey, PasskeyChallenge, User
from identity.services import security_notices
from platform_core import clock, scoping
from platform_core.errors import Conflict, InvalidInput
from platform_core.services import audit

CHALLENGE_LIFE = timedelta(minutes=5)
MOST = 20
Purpose = PasskeyChallenge.Purpose
REFUSED = "The passkey was not accepted."
# WebAuthn: a credential's id has at most so many bytes.
LONGEST_ID = 1023
UV = UserVerificationRequirement.REQUIRED


class Refused(InvalidInput):
    """An answer that no passkey of ours gave to this question. Why, the caller is not told."""

    def __init__(self) -> None:
        super().__init__(REFUSED, details={"passkey": [REFUSED]})


def are_possible() -> bool:
    """Browsers offer passkeys over https, or on this machine by the name localhost; never at a bare address."""
    parts = urlsplit(settings.BASE_URL)
    host = parts.hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return parts.scheme == "https" or host == "localhost" or host.endswith(".localhost")
    return False


def registration_options(user: User) -> dict[str, Any]:
    """What a browser needs to make a passkey for this person."""
    if user.passkeys.count() >= MOST:
        raise Conflict(f"An account has at most {MOST} passkeys. Remove one first.")
    options, state = _server().register_begin(
        PublicKeyCredentialUserEntity(id=user.pk.bytes, name=user.email, display_name=user.name),
        credentials=_credentials(user.passkeys.all()),
        resident_key_requirement=ResidentKeyRequirement.REQUIRED,
        user_verification=UV,
    )
    _ask(Purpose.REGISTER, user, state)
    return dict(options.public_key)


def made(user: User, answer: Mapping[str, Any], *, name: str) -> Passkey:
    """The passkey that a browser made in answer to our question, not stored yet."""
    made = _registered(user, answer)
    # python-fido2 takes no answer without one.
    data = cast("AttestedCredentialData", made.credential_data)
    return Passkey(
        user=user,
        name=name,
        credential_id=websafe_encode(data.credential_id),
        credential=websafe_encode(bytes(data)),
        sign_count=made.counter,
        is_backed_up=bool(made.flags & AuthenticatorData.FLAG.BS),
    )


def store(passkey: Passkey) -> None:
    """Keep it, in the transaction that says what it changes for its person."""
    try:
        with transaction.atomic():
            passkey.save(force_insert=True)
    except IntegrityError as error:
        raise Conflict("This passkey is registered already.") from error
    user, name = passkey.user, passkey.name
    audit.record("passkey.create", user, by=user, changes={"passkey": passkey.pk, "name": name})
    security_notices.tell(user, "passkey_added", passkey=name)


def request_options(purpose: Purpose, user: User | None = None) -> dict[str, Any]:
    """What a browser needs to ask for a passkey: of this person, or of whoever has one here."""
    credentials = _credentials(user.passkeys.all()) if user is not None else []
    options, state = _server().authenticate_begin(credentials or None, user_verification=UV)
    _ask(purpose, user, state)
    return dict(options.public_key)


def accept(purpose: Purpose, answer: Mapping[str, Any], user: User | None = None) -> Passkey:
    """The passkey that answered our question; refused in one way for every reason there is."""
    response = _parsed(AuthenticationResponse, answer)
    state = _answered(purpose, user, response.response.client_data.challenge)
    passkey = _known(response, user)
    known = _credentials([passkey])
    with _read_by_library():
        _server().authenticate_complete(state, known, response)
    _count_use(passkey, response.response.authenticator_data)
    return passkey


def rename(passkey: Passkey, name: str, *, by: User) -> None:
    """Give it the name by which its person knows it."""
    with transaction.atomic(), scoping.system():
        Passkey.objects.filter(pk=passkey.pk).update(name=name)
        audit.record("passkey.update", passkey.user, by=by, changes={"passkey": passkey.pk, "name": name})
    passkey.name = name


def _registered(user: User, answer: Mapping[str, Any]) -> AuthenticatorData:
    response = _parsed(RegistrationResponse, answer)
    state = _answered(Purpose.REGISTER, user, response.response.client_data.challenge)
    with _read_by_library():
        made = _server().register_complete(state, response)
    data = cast("AttestedCredentialData", made.credential_data)
    if len(data.credential_id) > LONGEST_ID or isinstance(data.public_key, UnsupportedKey):
        raise Refused
    return made


def _server() -> Fido2Server:
    party = PublicKeyCredentialRpEntity(id=urlsplit(settings.BASE_URL).hostname or "", name=settings.SITE_NAME)
    return Fido2Server(party, verify_origin=lambda origin: origin == settings.BASE_URL)


def _ask(purpose: Purpose, user: User | None, state: Mapping[str, Any]) -> None:
    now = clock.wall()
    PasskeyChallenge.objects.filter(expires_at__lte=now).delete()
    PasskeyChallenge.objects.create(
        purpose=purpose, user=user, challenge=state["challenge"], expires_at=now + CHALLENGE_LIFE
    )


def _answered(purpose: Purpose, user: User | None, challenge: bytes) -> dict[str, Any]:
    """Take the question away, so that no second answer finds it; then judge this one."""
    asked = PasskeyChallenge.objects.filter(
        purpose=purpose, user=user, challenge=websafe_encode(challenge), expires_at__gt=clock.wall()
    )
    if not asked.delete()[0]:
        raise Refused
    return {"challenge": websafe_encode(challenge), "user_verification": UV}


def _parsed(kind: Any, answer: Mapping[str, Any]) -> Any:
    with _read_by_library():
        return kind.from_dict(answer)


@contextmanager
def _read_by_library() -> Iterator[None]:
    """Nothing but python-fido2 runs in here, on bytes of anybody's making: whatever comes of them is a refusal.

    It lets through what its parsers raise, among that struct.error, RecursionError and NotImplementedError.
    """
    try:
        yield
    except Exception as error:
        raise Refused from error


def _known(response: AuthenticationResponse, user: User | None) -> Passkey:
    """The passkey by its id. A user handle, where one is sent, must be its person's."""
    passkey = _named(websafe_encode(response.raw_id), user)
    handle = response.response.user_handle
    if passkey is None or not passkey.user.is_active or (handle and handle != passkey.user.pk.bytes):
        raise Refused
    return passkey


def _named(credential_id: str, user: User | None) -> Passkey | None:
    known: Passkey | None = vars(user).get("known_passkey") if user is not None else None
    if known is not None and known.credential_id == credential_id:
        return known
    named = Passkey.objects.select_related("user").filter(credential_id=credential_id)
    return named.filter(user=user).first() if user is not None else named.first()


def _credentials(passkeys: Iterable[Passkey]) -> list[AttestedCredentialData]:
    return [AttestedCredentialData(websafe_decode(passkey.credential)) for passkey in passkeys]


def _count_use(passkey: Passkey, data: AuthenticatorData) -> None:
    """A counter that does not rise is a copy's (WebAuthn §6.1.1). Synchronized passkeys do not count: always 0."""
    newer = Passkey.objects.filter(pk=passkey.pk)
    if data.counter or passkey.sign_count:
        newer = newer.filter(sign_count__lt=data.counter)
    facts = {"sign_count": data.counter, "is_backed_up": bool(data.flags & AuthenticatorData.FLAG.BS)}
    if newer.update(last_used_at=clock.now(), **facts):
        return
    with transaction.atomic(), scoping.system():
        changes = {"passkey": passkey.pk, "counted": passkey.sign_count, "presented": data.counter}
        audit.record("passkey.clone_suspected", passkey.user, by=None, changes=changes)
        security_notices.tell(passkey.user, "passkey_copied", passkey=passkey.name)
    raise Refused
