"""Everything that one organization owns: enough for any path to have a row, and for a stranger to have none."""

from dataclasses import dataclass, field, replace
from uuid import UUID

from django.db.models import Model

from billing.models import Invoice, Subscription
from identity.models import User
from identity.services import files
from orgs.models import InvitationStop, Organization
from platform_core.models.leases import NEVER
from platform_core.services import webhook_endpoints
from tests import authenticators, kept, make
from tests.architecture.prefixes import PARAMETER
from tests.sign_ins import make_session

# Words that name a row of another collection.
ALIASES = {"billing": "subscriptions", "checkout": "offers", "download-invoice": "invoices"}


@dataclass
class World:
    """The rows of one organization, by the word that stands before their id in a path."""

    organization: Organization
    owner: User
    server_key: str
    rows: dict[str, Model] = field(default_factory=dict)
    ids: set[UUID] = field(default_factory=set)
    # Of rows that paths name by something else than their key.
    names: dict[str, str] = field(default_factory=dict)

    def keep(self, word: str, row: Model) -> None:
        """The row is this organization's; the first of its kind is the one that paths name."""
        self.rows.setdefault(word, row)
        self.ids.add(row.pk)

    def path(self, path: str) -> str:
        """The path with this world's ids; a KeyError names the word that `build` has no row for."""
        while found := PARAMETER.search(path):
            word = path[: found.start()].rstrip("/").rpartition("/")[2]
            word = ALIASES.get(word, word)
            if word in self.names:
                path = path.replace(found[0], self.names[word], 1)
                continue
            # Staff invite, and so do organizations.
            ours = None if path.startswith("/api/v1/admin/") else self.rows.get(f"{word} of organizations")
            path = path.replace(found[0], str((ours or self.rows[word]).pk), 1)
        return path


_worlds: dict[int, World] = {}


def build(count: int = 1) -> World:
    """An organization with so many of everything; once in a test, for the next test is given the same rows."""
    kept.situation(f"a world with {count} of everything", lambda: _worlds.update({count: _built(count)}))
    world = _worlds[count]
    return replace(world, owner=User.objects.get(pk=world.owner.pk))


def _built(count: int) -> World:
    organization = make.organization()
    world = World(organization, make.person(organization), f"hk_{organization.pk.hex}")
    organization.avatar = files.keep("avatars", "webp", b"RIFF")
    organization.save(update_fields=["avatar"])
    world.keep("organizations", organization)
    world.keep("customers", world.owner)
    world.owner.photo = files.keep("photos", "webp", b"RIFF")
    world.owner.save(update_fields=["photo"])
    world.keep("users", world.owner)
    world.keep("sessions", make_session(world.owner, "console"))
    world.keep("staff", make.user(is_staff=True))
    world.keep(
        "invitations",
        make.staff_invitation(f"inv_{organization.pk.hex}", by=make.user(is_superuser=True, is_staff=True)),
    )
    world.rows["invite"] = world.rows["invitations"]
    # Its own: numbers taken for one world change no row of another.
    entity = make.legal_entity()
    for number in range(count):
        world.keep("exports", make.data_export(world.owner))
        make.analytics_event(world.owner)
        _keep_audit_log(world)
        _keep_reports(world)
        authenticators.passkey_of(world.owner)
        world.keep("passkeys", world.owner.passkeys.latest("created_at"))
        _keep_people(world)
        subscription = make.subscription(organization)
        _keep_billing(world, subscription, make.invoice(subscription, legal_entity=entity))
        _keep_sales(world, subscription)
        order = make.order(organization, subscription)
        world.keep("orders", order)
        world.keep("servers", make.server(order, key="" if number else world.server_key))
        make.config_revision(order)
        world.keep("jobs", make.job(organization_id=organization.pk, subject_type="tenants.order", subject_id=order.pk))
    return world


def _keep_invoices(world: World, invoice: Invoice) -> None:
    """An invoice, what was taken back of it, and the plan that it is for."""
    assert invoice.subscription is not None
    world.rows.setdefault("plans", invoice.subscription.plan)
    world.keep("invoices", invoice)
    world.keep("credit-notes", make.credit_note(invoice))


def _keep_billing(world: World, subscription: Subscription, invoice: Invoice) -> None:
    """What was bought, what it came to, how it is paid, and how it was changed."""
    world.keep("subscriptions", subscription)
    _keep_invoices(world, invoice)
    world.keep("payment-methods", make.payment_method(world.organization))
    world.keep("offers", make.offer(subscription, by=world.owner))
    # Held by somebody who asks the provider just now: nobody else changes it meanwhile.
    asked = make.subscription_change(subscription, status="pending", lease_until=NEVER)
    world.ids |= {asked.pk, make.dunning(invoice).pk}
    make.usage_bucket(subscription)


def _keep_audit_log(world: World) -> None:
    """An event, a file of events, and where events are sent."""
    world.keep("audit-events", make.audit_event(world.organization))
    world.keep("audit-exports", make.audit_export(world.organization))
    world.keep("audit-streams", make.audit_stream(world.organization))


def _keep_sales(world: World, subscription: Subscription) -> None:
    """What a consumer sold, what it was told of it, and what the organization is told itself."""
    tenant = make.consumer_tenant(make.consumer(url="http://127.0.0.1:9/"), world.organization)
    session = make.checkout_session(tenant)
    world.keep("pricing-items", session.price)
    world.keep("purchases", make.purchase(subscription, consumer_tenant=tenant, checkout=session))
    world.names.setdefault("tenants", tenant.external_id)
    world.names.setdefault("checkout-sessions", session.provider_session_id)
    endpoint, _ = webhook_endpoints.add(world.organization.pk, {"url": "https://hooks.harbour.test/"}, by=world.owner)
    for word in ("webhook-endpoints", "webhooks"):
        world.keep(word, endpoint)
    for word in ("webhook-deliveries", "deliveries"):
        world.keep(word, make.webhook_delivery(endpoint))
    world.keep("event-deliveries", make.webhook_delivery(tenant.consumer.endpoint, status="FAILED"))


def _keep_reports(world: World) -> None:
    """What products tell, a domain, a report and one by the clock."""
    world.rows["products"] = make.product_resource(world.organization, "status_page").product
    make.product_resource(world.organization, "check")
    world.keep("domains", make.domain(world.organization))
    place = world.owner.memberships.get()
    schedule = make.report_schedule(world.organization, place)
    world.keep("report-schedules", schedule)
    world.rows["schedules"] = schedule
    world.keep("reports", make.report(world.organization, status="ready", progress=100))


def _keep_people(world: World) -> None:
    """A member with a role in a product, a role of the organization's own, an invitation."""
    member = make.membership(world.organization)
    world.keep("members", member)
    make.role_grant(member)
    world.keep("roles", make.custom_role(world.organization))
    InvitationStop.objects.get_or_create(organization=world.organization, address_digest="digest")
    world.keep("invitations of organizations", make.invitation(world.organization, by=world.owner))
