"""Authenticators made of software: an app that shows codes, and a passkey that signs whatever it is told to."""

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData

from identity.models import Passkey, TotpDevice, User
from identity.services import totp
from platform_core import clock

FLAG = AuthenticatorData.FLAG
RP_ID = "127.0.0.1"


def app_of(user: User) -> str:
    """Give a person a confirmed authenticator app; its secret."""
    secret = totp.new_secret()
    TotpDevice.objects.create(user=user, secret=secret, confirmed_at=clock.wall())
    return secret


def code(secret: str, *, steps: int = 0) -> str:
    """What the app shows now, or so many half minutes later."""
    return totp.code_at(secret, totp.step_now() + steps)


def wrong_code(secret: str) -> str:
    """Six digits that the app shows at none of the times that count."""
    shown = {code(secret, steps=steps) for steps in range(-3, 4)}
    return next(each for each in (f"{number:06d}" for number in range(20)) if each not in shown)


@dataclass
class SoftPasskey:
    """A passkey. Its fields are what a forger would change."""

    user_handle: bytes = b""
    origin: str = ""
    rp_id: str = RP_ID
    flags: AuthenticatorData.FLAG = FLAG.UP | FLAG.UV
    counter: int = 1
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def created(self, options: dict[str, Any], kind: str = "webauthn.create") -> dict[str, Any]:
        """What a browser sends after `navigator.credentials.create`."""
        attested = self.attested()
        data = AuthenticatorData.create(self._rp_hash(), self.flags | FLAG.AT, self.counter, attested)
        attestation = websafe_encode(bytes(AttestationObject.create("none", data, {})))
        return self._answer({"attestationObject": attestation, "clientDataJSON": self._client(kind, options)})

    def asserted(self, options: dict[str, Any], kind: str = "webauthn.get") -> dict[str, Any]:
        """What a browser sends after `navigator.credentials.get`. The counter rises at each use."""
        self.counter += 1
        data = bytes(AuthenticatorData.create(self._rp_hash(), self.flags, self.counter))
        client = self._client_bytes(kind, options)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        response = {
            "authenticatorData": websafe_encode(data),
            "clientDataJSON": websafe_encode(client),
            "signature": websafe_encode(signature),
        }
        if self.user_handle:
            response["userHandle"] = websafe_encode(self.user_handle)
        return self._answer(response)

    def attested(self) -> AttestedCredentialData:
        """Its id and public key, as WebAuthn writes them."""
        public: Any = ES256.from_cryptography_key(self.key.public_key())  # type: ignore[no-untyped-call]
        return AttestedCredentialData.create(b"\0" * 16, self.credential_id, public)

    def _answer(self, response: dict[str, Any]) -> dict[str, Any]:
        named = websafe_encode(self.credential_id)
        return {"id": named, "rawId": named, "type": "public-key", "clientExtensionResults": {}, "response": response}

    def _rp_hash(self) -> bytes:
        return hashlib.sha256(self.rp_id.encode()).digest()

    def _client(self, kind: str, options: dict[str, Any]) -> str:
        return websafe_encode(self._client_bytes(kind, options))

    def _client_bytes(self, kind: str, options: dict[str, Any]) -> bytes:
        said = {"type": kind, "challenge": options["challenge"], "origin": self.origin or settings.BASE_URL}
        return json.dumps({**said, "crossOrigin": False}).encode()


def passkey_of(user: User, **fields: Any) -> SoftPasskey:
    """Give a person a passkey."""
    soft = SoftPasskey(user_handle=user.pk.bytes, **fields)
    Passkey.objects.create(
        user=user,
        name="Soft key",
        credential_id=websafe_encode(soft.credential_id),
        credential=websafe_encode(bytes(soft.attested())),
        sign_count=soft.counter,
    )
    return soft


# What a form's field may hold that Python's reader of JSON fails at otherwise than by saying so.
BEYOND_READING = ["[" * 5000, '{"id": ' + "9" * 5000 + "}"]

_HASH = hashlib.sha256(RP_ID.encode()).digest()
# Bytes that no authenticator writes: a number or a length that is cut off, and what is nested beyond reading.
UNREADABLE: dict[str, tuple[str, bytes]] = {
    "extensions that are cut off": ("authenticatorData", _HASH + bytes.fromhex("85000000011901")),
    "extensions that are deep": ("authenticatorData", _HASH + bytes.fromhex("8500000001") + b"\x81" * 3000),
    "attested data that is cut off": ("authenticatorData", _HASH + bytes.fromhex("4500000001")),
    "a client that is deep": ("clientDataJSON", b"[" * 3000),
    "a client that is no text": ("clientDataJSON", b"\xff\xfe"),
    "an attestation that is deep": ("attestationObject", b"\x81" * 3000),
    "an attestation that is cut off": ("attestationObject", bytes.fromhex("a1636661741901")),
    "an attestation of a billion": ("attestationObject", bytes.fromhex("9b00000000ffffffff")),
}


def unreadable(answer: dict[str, Any], name: str) -> dict[str, Any]:
    """The same answer, with one of these in the place of what was there, or beside it; by no name it is as it was."""
    if not name:
        return answer
    part, data = UNREADABLE[name]
    return {**answer, "response": {**answer["response"], part: websafe_encode(data)}}
