"""How a new server proves that it is the one we set up, and what it gets for it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from platform_core import clock, scoping, signing, tokens
from platform_core.errors import InvalidInput, NotAllowed, NotAuthenticated
from platform_core.models import WebhookEndpoint
from platform_core.services import audit, daily_counts
from tenants.models import Order, RegistrationToken, Server

TOKEN_PREFIX, KEY_PREFIX = "rt", "hk"
TOKEN_LIFE = timedelta(hours=24)
# What of a key may be shown.
SHOWN = 9


@dataclass(frozen=True)
class Introduction:
    """What an agent says of itself."""

    registration_token: str
    machine_id: str = ""
    agent_url: str = ""
    agent_version: str = ""


@dataclass(frozen=True)
class Registered:
    """What it is told: the only time that the key is seen."""

    server: Server
    hub_api_key: str
    webhook_secret: str
    heartbeat_seconds: int
    server_time: datetime


@transaction.atomic
def issue_token(order: Order) -> tuple[RegistrationToken, str]:
    """A fresh token; one that was issued before is void from now on."""
    Order.objects.select_for_update(of=("self",)).get(pk=order.pk)
    order.registration_tokens.filter(revoked_at=None).update(revoked_at=clock.now())
    token = tokens.new(TOKEN_PREFIX)
    row = RegistrationToken.objects.create(
        order=order, digest=tokens.digest(token), expires_at=clock.now() + TOKEN_LIFE
    )
    audit.record("registration_token.issue", order, by=None, changes={"expires_at": row.expires_at})
    return row, token


def waiting_token(order: Order) -> RegistrationToken | None:
    """The token that the order's server may still register with."""
    return order.registration_tokens.filter(revoked_at=None, expires_at__gt=clock.now()).first()


def register(given: Introduction) -> Registered:
    """Trade a token for a key. The same machine may do so again, for the answer may have been lost; no other may."""
    with scoping.system(), transaction.atomic():
        token = _valid_token(given.registration_token)
        server = Server.objects.select_for_update(of=("self",)).select_related("order").get(order=token.order)
        stranger = token.used_at is not None and token.machine_id != given.machine_id
        if stranger:
            audit.record("server.register_refused", server, by=None, changes={"machine_id": given.machine_id})
        else:
            _check_address(server, given.agent_url)
            registered = _admit(server, token, given)
    if stranger:
        raise NotAllowed("This token was used by another machine.")
    return registered


def _valid_token(token: str) -> RegistrationToken:
    rows = RegistrationToken.objects.select_for_update(of=("self",)).select_related("order")
    found = rows.filter(digest__in=tokens.digests(token), revoked_at=None, expires_at__gt=clock.now()).first()
    if found is None:
        raise NotAuthenticated("This registration token is not valid.")
    return found


def _check_address(server: Server, agent_url: str) -> None:
    """We call this address later, from within our network: it is what we set up, never what a tenant says."""
    if agent_url and agent_url.rstrip("/") != server.agent_url:
        raise InvalidInput(
            "The request is not valid.",
            details={"agentUrl": ["This is not the address that the server was set up with."]},
        )


def _admit(server: Server, token: RegistrationToken, given: Introduction) -> Registered:
    key, is_new = _new_key(server), server.registered_at is None
    server.machine_id = given.machine_id
    server.agent_version = given.agent_version
    server.registered_at = server.registered_at or clock.now()
    server.save()
    token.used_at = token.used_at or clock.now()
    token.machine_id = given.machine_id
    token.save(update_fields=["used_at", "machine_id"])
    actor = ("server", str(server.pk), server.order.domain)
    changes = {"machine_id": given.machine_id, "agent_version": given.agent_version, "key_prefix": server.key_prefix}
    audit.record("server.register", server, by=None, actor=actor, changes=changes)
    daily_counts.record(server.order.organization_id, agents_registered=int(is_new), credentials_generated=1)
    return Registered(server, key, _endpoint(server).secrets, settings.HEARTBEAT_SECONDS, clock.now())


def _new_key(server: Server) -> str:
    """The last key that was really used stays valid until the new one is."""
    if server.key_used_at is not None:
        server.previous_key_digest = server.key_digest
    key = tokens.new(KEY_PREFIX)
    server.key_digest, server.key_prefix, server.key_used_at = tokens.digest(key), key[:SHOWN], None
    return key


def _endpoint(server: Server) -> WebhookEndpoint:
    """Where we tell the server things, and the secret that it knows us by: the same whenever it registers again."""
    endpoint, _ = WebhookEndpoint.objects.get_or_create(
        owner_type=server._meta.label_lower,
        owner_id=server.pk,
        defaults={
            "organization_id": server.order.organization_id,
            "url": server.agent_url,
            "secrets": signing.new_secret(),
            "enrolled": True,
        },
    )
    return endpoint


def server_of_key(key: str) -> Server | None:
    """The server that calls with this key. The first use of a new key ends the one before it."""
    known = tokens.digests(key)
    server = (
        Server.objects.select_related("order__subscription__plan", "beat")
        .filter(Q(key_digest__in=known) | Q(previous_key_digest__in=known))
        .first()
    )
    if server is not None and server.key_used_at is None and server.key_digest in known:
        confirm_key(server)
    return server


def confirm_key(server: Server) -> None:
    """The new key arrived."""
    Server.objects.filter(pk=server.pk, key_digest=server.key_digest).update(
        key_used_at=clock.now(), previous_key_digest=""
    )
