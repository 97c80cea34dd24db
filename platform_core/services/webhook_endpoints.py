"""Where events are sent: addresses that an organization, or we for a consumer, keep for an audience."""

import ipaddress
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.db import transaction

from platform_core import clock, http, scoping, signing
from platform_core.errors import Conflict, InvalidInput, NotFound
from platform_core.models import WebhookDelivery, WebhookEndpoint, new_id
from platform_core.services import audit, outbox

# An organization's own, of which it may have several; what belongs to something else has that for its owner.
OWNER = "platform_core.webhookendpoint"
MOST = 10
OVERLAP_HOURS = 24
LONGEST_OVERLAP_HOURS = 24 * 30
PATTERN = re.compile(r"[a-z_]+(\.[a-z_]+)*(\.\*)?")
CHANGEABLE = ("name", "url", "event_types", "in_order")


def check_address(url: str) -> None:
    """https to a public host; what the operator lists in OUTBOUND_ALLOW may be private. Names are checked again, with
    what they lead to, at each call.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    if host in settings.OUTBOUND_ALLOW:
        return
    message = ""
    if parts.scheme != "https":
        message = "An address that begins with https:// is wanted."
    elif parts.username or parts.password:
        message = "The address must not hold a name or a password."
    elif not _is_public(host):
        message = "The address must be one of the public internet."
    if message:
        raise InvalidInput(message, details={"url": [message]})


def _is_public(host: str) -> bool:
    try:
        return http.refusal(str(ipaddress.ip_address(host))) is None
    except ValueError:
        return "." in host and not f".{host}".rstrip(".").endswith((".localhost", ".local", ".internal"))


def check_event_types(given: list[str], known: frozenset[str]) -> list[str]:
    """Each is an event that exists, or a beginning that some have; each once."""
    wrong = [each for each in given if not PATTERN.fullmatch(each) or not _is_known(each, known)]
    if wrong:
        message = f"There is no event {wrong[0]!r}."
        raise InvalidInput(message, details={"event_types": [message]})
    return list(dict.fromkeys(given))


def _is_known(pattern: str, known: frozenset[str]) -> bool:
    if pattern.endswith("*"):
        return any(each.startswith(pattern[:-1]) for each in known)
    return pattern in known


def own(organization_id: UUID, endpoint_id: UUID) -> WebhookEndpoint:
    """One of the organization's; another's does not exist, nor does one that belongs to a server or a stream."""
    ours = WebhookEndpoint.objects.filter(organization_id=organization_id, owner_type=OWNER)
    found = ours.filter(pk=endpoint_id).first()
    if found is None:
        raise NotFound("There is no such endpoint.")
    return found


def own_delivery(organization_id: UUID, delivery_id: UUID) -> WebhookDelivery:
    """One of a delivery to the organization's own endpoints."""
    ours = WebhookDelivery.objects.filter(endpoint__organization_id=organization_id, endpoint__owner_type=OWNER)
    found = ours.select_related("endpoint", "message").filter(pk=delivery_id).first()
    if found is None:
        raise NotFound("There is no such delivery.")
    return found


@transaction.atomic
def add(organization_id: UUID, given: Mapping[str, Any], *, by: audit.Person) -> tuple[WebhookEndpoint, str]:
    """An organization's endpoint for events from now on; and the secret that signs them, shown this once."""
    check_address(given["url"])
    if WebhookEndpoint.objects.filter(organization_id=organization_id, owner_type=OWNER).count() >= MOST:
        raise Conflict(f"An organization has at most {MOST} endpoints.")
    secret, pk = signing.new_secret(), new_id()
    endpoint = WebhookEndpoint.objects.create(
        pk=pk,
        organization_id=organization_id,
        audience_id=organization_id,
        owner_type=OWNER,
        owner_id=pk,
        secrets=secret,
        **{name: given[name] for name in CHANGEABLE if name in given},
    )
    audit.record("webhook_endpoint.create", endpoint, by=by, changes={"url": endpoint.url})
    return endpoint, secret


@transaction.atomic
def change(endpoint: WebhookEndpoint, given: Mapping[str, Any], *, by: audit.Person) -> WebhookEndpoint:
    """Another address, name or choice of events. What waits behind an order that is given up goes at once."""
    held = _hold(endpoint)
    changes = {
        name: [getattr(held, name), given[name]]
        for name in CHANGEABLE
        if name in given and getattr(held, name) != given[name]
    }
    if "url" in changes and not held.enrolled:
        check_address(given["url"])
    if not changes:
        return held
    for name in changes:
        setattr(held, name, given[name])
    held.save(update_fields=list(changes))
    audit.record("webhook_endpoint.update", held, by=by, changes=changes)
    if "in_order" in changes and held.paused_at is None:
        outbox.release(held)
    return held


@transaction.atomic
def update(endpoint: WebhookEndpoint, given: Mapping[str, Any], *, by: audit.Person) -> WebhookEndpoint:
    """A change, and whether events are sent now; a state that it has already is no change."""
    changed = change(endpoint, given, by=by)
    wanted = given.get("state", changed.state)
    if wanted == "paused" != changed.state:
        return pause(changed, by=by)
    if wanted == "active" != changed.state:
        return resume(changed, by=by)
    return changed


def _hold(endpoint: WebhookEndpoint) -> WebhookEndpoint:
    return WebhookEndpoint.objects.select_for_update(no_key=True).get(pk=endpoint.pk)


@transaction.atomic
def pause(endpoint: WebhookEndpoint, *, by: audit.Person) -> WebhookEndpoint:
    """Let what is owed wait; nothing is lost meanwhile."""
    held = _hold(endpoint)
    if not held.is_active or held.paused_at is not None:
        raise Conflict("Nothing is sent there now.")
    held.paused_at, held.trouble = clock.now(), ""
    held.save(update_fields=["paused_at", "trouble"])
    audit.record("webhook_endpoint.pause", held, by=by)
    return held


@transaction.atomic
def resume(endpoint: WebhookEndpoint, *, by: audit.Person) -> WebhookEndpoint:
    """Go on, with what waited first. One that was disabled hears of what happens from now on; replay tells the rest."""
    held = _hold(endpoint)
    if held.state == "active":
        raise Conflict("Events are sent there already.")
    held.is_active, held.paused_at, held.trouble = True, None, ""
    held.throttled_until, held.throttle_count = None, 0
    held.save(update_fields=["is_active", "paused_at", "trouble", "throttled_until", "throttle_count"])
    audit.record("webhook_endpoint.resume", held, by=by)
    outbox.release(held)
    return held


@transaction.atomic
def disable(endpoint: WebhookEndpoint, *, by: audit.Person) -> WebhookEndpoint:
    """Send nothing there, and owe nothing."""
    held = _hold(endpoint)
    if not held.is_active:
        raise Conflict("It is disabled already.")
    outbox.disable(held, "", by=by)
    return held


@transaction.atomic
def remove(endpoint: WebhookEndpoint, *, by: audit.Person) -> None:
    """Forget it, with its secrets and its log."""
    audit.record("webhook_endpoint.delete", endpoint, by=by, changes={"url": endpoint.url})
    endpoint.delete()


@transaction.atomic
def renew_secret(endpoint: WebhookEndpoint, *, by: audit.Person, overlap_hours: int = OVERLAP_HOURS) -> str:
    """A new secret, shown this once. The one before signs along for a while, so that no message is refused."""
    if not 0 <= overlap_hours <= LONGEST_OVERLAP_HOURS:
        message = f"A number of hours from 0 to {LONGEST_OVERLAP_HOURS} is wanted."
        raise InvalidInput(message, details={"overlap_hours": [message]})
    held = _hold(endpoint)
    secret = signing.new_secret()
    held.secrets = "\n".join([secret, *held.secrets.split()[:1]] if overlap_hours else [secret])
    held.overlap_until = clock.now() + timedelta(hours=overlap_hours) if overlap_hours else None
    held.save(update_fields=["secrets", "overlap_until"])
    changes = {"secret": audit.CHANGED, "overlap_until": held.overlap_until}
    audit.record("webhook_endpoint.update", held, by=by, changes=changes)
    return secret


def forget_old_secrets() -> dict[str, int]:
    """A secret that signs no more is not kept. Runs by the clock."""
    with scoping.system(), transaction.atomic():
        over = WebhookEndpoint.objects.select_for_update(no_key=True).filter(overlap_until__lte=clock.now())
        endpoints = list(over)
        for endpoint in endpoints:
            endpoint.secrets, endpoint.overlap_until = endpoint.secrets.split()[0], None
        WebhookEndpoint.objects.bulk_update(endpoints, ["secrets", "overlap_until"])
    return {"forgotten": len(endpoints)}
