"""What a server should run: numbered revisions, never changed, only followed by the next."""

import hashlib
import json
from typing import Any

from django.conf import settings
from django.db import transaction

from billing.services import periods
from platform_core import clock
from platform_core.models import WebhookEndpoint
from platform_core.services import audit, outbox
from tenants.defaults import AGENTS
from tenants.models import ConfigRevision, Order, Server, ServerBeat

EVENT, PATH = "config.updated", "/webhooks/config-update"


def canonical_hash(body: Any) -> str:
    """The hash that names a configuration: of its canonical JSON, here and in the agent."""
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def wanted(order: Order) -> dict[str, Any]:
    """What the order's server should run as things stand."""
    return {
        "orderId": str(order.pk),
        "domain": order.domain,
        "tier": order.subscription.plan.tier,
        "tools": order.tools,
        "heartbeatSeconds": settings.HEARTBEAT_SECONDS,
        "tokenAllotment": periods.included(order.subscription, clock.now()),
        "agents": [
            {"agentId": role.code, "name": role.name, "autonomyLevel": role.autonomy_level, "isActive": True}
            for role in AGENTS
        ],
    }


@transaction.atomic
def publish(order: Order, *, reason: str) -> ConfigRevision:
    """The next revision, and a hint to the server; where nothing differs, the present one stays."""
    server = Server.objects.select_for_update(of=("self",)).get(order=order)
    body = wanted(order)
    sha256 = canonical_hash(body)
    latest = order.config_revisions.first()
    if latest is not None and latest.sha256 == sha256:
        return latest
    version = latest.version + 1 if latest else 1
    changed = sorted(name for name in body if latest is None or latest.body.get(name) != body[name])
    revision = ConfigRevision.objects.create(order=order, version=version, body=body, sha256=sha256, reason=reason)
    ServerBeat.objects.filter(server=server).update(config_version=version)
    audit.record("config.publish", server, by=None, changes={"version": version, "changed_fields": changed})
    _hint(server, version, changed)
    return revision


def _hint(server: Server, version: int, changed: list[str]) -> None:
    """The server compares versions at each beat anyway: this only spares it the wait."""
    endpoint = WebhookEndpoint.objects.filter(owner_type=server._meta.label_lower, owner_id=server.pk).first()
    if endpoint is not None:
        payload = {"configVersion": version, "changedFields": changed}
        outbox.queue(endpoint, EVENT, payload, key=f"config:{server.pk}:{version}", path=PATH)
