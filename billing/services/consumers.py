"""Consumers: made and changed by staff, with an address for their events and secrets that sign them."""

from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from uuid import UUID

from django.db import transaction

from billing.models import BillingProfile, Consumer, ConsumerTenant
from billing.services import billing_profiles
from orgs.services import organizations
from platform_core import signing
from platform_core.errors import Conflict, InvalidInput, NotAllowed, NotFound
from platform_core.models import WebhookDelivery, WebhookEndpoint
from platform_core.services import audit, outbox, webhook_endpoints

if TYPE_CHECKING:
    from identity.models import User

OWNER = "billing.consumer"


def named(key: str) -> Consumer:
    """The consumer of this key; unknown is told by the field."""
    found = Consumer.objects.filter(key=key).first()
    if found is None:
        raise InvalidInput(f"There is no consumer {key!r}.", details={"consumer_key": ["Unknown consumer."]})
    return found


def require_active(consumer: Consumer) -> None:
    """Through a suspended one nothing new is bought."""
    if consumer.status != Consumer.Status.ACTIVE:
        raise NotAllowed(f"{consumer} is suspended.")


@transaction.atomic
def set_endpoint(consumer: Consumer, url: str, *, by: "User | None") -> str:
    """Where its events go from now on; the first address brings a secret, which is shown this once.

    Staff enroll it: it may be a private address of our own network, and need not be https there.
    """
    check_url(url)
    held = Consumer.objects.select_for_update(of=("self",)).select_related("endpoint").get(pk=consumer.pk)
    if held.endpoint is not None:
        before = held.endpoint.url
        if before != url:
            held.endpoint.url = url
            held.endpoint.save(update_fields=["url"])
            audit.record("consumer.update", held, by=by, changes={"url": [before, url]})
        return ""
    secret = signing.new_secret()
    held.endpoint = WebhookEndpoint.objects.create(
        owner_type=OWNER,
        owner_id=held.pk,
        audience_id=held.pk,
        name=held.name,
        url=url,
        secrets=secret,
        enrolled=True,
    )
    held.save(update_fields=["endpoint"])
    audit.record("consumer.update", held, by=by, changes={"url": ["", url], "secret": audit.CHANGED})
    return secret


def check_url(url: str) -> None:
    """Staff enroll it: any host will do, with a password none."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.password:
        message = "An address that begins with http:// or https:// is wanted, without a password in it."
        raise InvalidInput(message, details={"url": [message]})


def renew_secret(consumer: Consumer, *, by: "User") -> str:
    """A new secret, shown this once; the one before signs along for a day."""
    return webhook_endpoints.renew_secret(endpoint_of(consumer), by=by)


def endpoint_of(consumer: Consumer) -> WebhookEndpoint:
    """Where its events go; a consumer that is told nothing has none."""
    if consumer.endpoint is None:
        raise Conflict(f"{consumer} has no address for its events yet.")
    return consumer.endpoint


@transaction.atomic
def set_status(consumer: Consumer, status: str, *, by: "User") -> None:
    """Suspend it, or let it sell again."""
    if not Consumer.objects.filter(pk=consumer.pk).exclude(status=status).update(status=status):
        raise Conflict(f"{consumer} is {status} already.")
    audit.record("consumer.update", consumer, by=by, changes={"status": [consumer.status, status]})
    consumer.status = status


# --- tenants ---
@transaction.atomic
def tenant_for(consumer: Consumer, external_id: str, given: Mapping[str, str]) -> ConsumerTenant:
    """The consumer's tenant of this id, an organization of ours from the first time it is named on.

    What the consumer says of it replaces what it said before; an organization that staff attached keeps its own name.
    """
    # Two that name a new tenant at once take turns here.
    Consumer.objects.select_for_update().get(pk=consumer.pk)
    told = {name: given[name] for name in ("name", "legal_name", "billing_email") if given.get(name)}
    found = ConsumerTenant.objects.filter(consumer=consumer, external_id=external_id).select_related("organization")
    tenant = found.first()
    if tenant is None:
        return _add_tenant(consumer, external_id, told)
    changes = {name: [getattr(tenant, name), value] for name, value in told.items() if getattr(tenant, name) != value}
    if changes:
        for name in changes:
            setattr(tenant, name, told[name])
        tenant.save(update_fields=list(changes))
        audit.record("consumer_tenant.update", tenant, by=None, actor=actor_of(consumer), changes=changes)
        _make_out_to(tenant, before=changes.get("legal_name", [""])[0])
    return tenant


def _add_tenant(consumer: Consumer, external_id: str, told: Mapping[str, str]) -> ConsumerTenant:
    missing = [name for name in ("name", "billing_email") if name not in told]
    if missing:
        fields = {"name": "tenant_name"}
        details = {fields.get(name, name): ["A tenant that is named for the first time needs it."] for name in missing}
        raise InvalidInput("The tenant is not known yet.", details=details)
    organization = organizations.create_unowned(
        told["name"], billing_email=told["billing_email"], actor=actor_of(consumer)
    )
    tenant = ConsumerTenant.objects.create(
        consumer=consumer, external_id=external_id, organization=organization, **told
    )
    changes = {"consumer": consumer.key, "external_id": external_id}
    audit.record("consumer_tenant.create", tenant, by=None, actor=actor_of(consumer), changes=changes)
    _make_out_to(tenant, before="")
    return tenant


def _make_out_to(tenant: ConsumerTenant, *, before: str) -> None:
    """Invoices carry the legal name that the consumer told, unless the organization wrote another one itself."""
    profile = BillingProfile.objects.filter(organization=tenant.organization_id).first()
    if tenant.legal_name and (profile.legal_name if profile else "") in ("", before):
        given = {"legal_name": tenant.legal_name}
        billing_profiles.update(tenant.organization, given, by=None, actor=actor_of(tenant.consumer))


def tenant_named(external_id: str, consumer_key: str = "") -> ConsumerTenant:
    """The tenant of this id; which consumer's has to be said only where two know one by it."""
    found = ConsumerTenant.objects.filter(external_id=external_id).select_related("consumer", "organization")
    if consumer_key:
        found = found.filter(consumer=named(consumer_key))
    tenants = list(found[:2])
    if not tenants:
        raise NotFound("There is no such tenant.")
    if len(tenants) > 1:
        message = "Several consumers have a tenant of this id: say which one's it is."
        raise InvalidInput(message, details={"consumer_key": [message]})
    return tenants[0]


def deliver_again(delivery_id: UUID) -> WebhookDelivery:
    """Owe a consumer an event once more; what is sent to others is not a consumer's."""
    theirs = WebhookDelivery.objects.filter(endpoint__owner_type=OWNER, pk=delivery_id)
    delivery = theirs.select_related("endpoint__consumer").first()
    if delivery is None:
        raise NotFound("There is no such delivery.")
    return outbox.redeliver(delivery, by=None, actor=actor_of(delivery.endpoint.consumer))


def actor_of(consumer: Consumer) -> tuple[str, str, str]:
    """How the record names a consumer that acts with the internal token."""
    return ("token", str(consumer.pk), f"consumer {consumer.key}")
