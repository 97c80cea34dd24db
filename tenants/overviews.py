"""Everything known of a person or an organization, for the console: the latest of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from billing.models import FoundingMember, Invoice, Subscription
from identity.models import Session, User
from orgs.models import Invitation, Membership, Organization
from orgs.roles import Role
from platform_core.models import AuditEvent
from tenants.models import Order
from tenants.selectors import RECENT, CustomerUsage, customer_usage, with_usage


@dataclass(frozen=True)
class SubscriptionUse:
    """A subscription and the tokens of its period in hand."""

    subscription: Subscription
    usage: CustomerUsage


@dataclass(frozen=True)
class PersonOverview:
    """Everything known of a person, for staff: the latest of each."""

    memberships: Sequence[Membership]
    orders: Sequence[Order]
    subscriptions: Sequence[SubscriptionUse]
    sessions: Sequence[Session]
    acted: Sequence[AuditEvent]
    happened: Sequence[AuditEvent]
    founding_member: FoundingMember | None

    @property
    def open_session_count(self) -> int:
        """Where they are signed in now, as far as the latest tell."""
        return sum(session.is_usable for session in self.sessions)

    @property
    def last_seen_at(self) -> datetime | None:
        """When they were here last."""
        return max((session.last_seen_at for session in self.sessions if not session.impersonator_id), default=None)


@dataclass(frozen=True)
class OrganizationOverview:
    """Everything known of an organization, for staff: the latest of each."""

    members: Sequence[Membership]
    member_count: int
    invitations: Sequence[Invitation]
    subscriptions: Sequence[SubscriptionUse]
    orders: Sequence[Order]
    invoices: Sequence[Invoice]
    events: Sequence[AuditEvent]


def person_overview(person: User) -> PersonOverview:
    """What the console shows on a person's page."""
    memberships = list(
        Membership.ALL.filter(user=person).select_related("organization", "custom_role").order_by("created_at")
    )
    theirs = [membership.organization_id for membership in memberships]
    subscriptions = with_usage(
        Subscription.objects.filter(organization__in=theirs).select_related(
            "plan", "plan_version", "price", "organization"
        )
    )
    orders = Order.objects.filter(Q(customer=person) | Q(organization__in=theirs))
    events = AuditEvent.objects.order_by("-created_at")
    return PersonOverview(
        memberships=memberships,
        orders=list(orders.select_related("organization", "subscription__plan", "server").distinct()[:RECENT]),
        subscriptions=[SubscriptionUse(each, customer_usage(each)) for each in subscriptions[:RECENT]],
        sessions=list(person.sessions.select_related("user", "impersonator").order_by("-last_seen_at")[:RECENT]),
        acted=list(events.filter(actor_id=str(person.pk))[:RECENT]),
        happened=list(events.filter(target_type=person._meta.label_lower, target_id=str(person.pk))[:RECENT]),
        founding_member=FoundingMember.objects.filter(user=person).first(),
    )


def organization_overview(organization: Organization) -> OrganizationOverview:
    """What the console shows on an organization's page."""
    members = organization.memberships.select_related("user", "custom_role").order_by("created_at")
    theirs = organization.subscriptions.select_related("plan", "plan_version", "price", "organization")
    subscriptions = with_usage(theirs.order_by("-created_at"))
    pending = organization.invitations.pending().select_related("custom_role", "invited_by")
    return OrganizationOverview(
        members=[*members.filter(role=Role.OWNER)[:RECENT], *members.exclude(role=Role.OWNER)[:RECENT]],
        member_count=members.count(),
        invitations=list(pending[:RECENT]),
        subscriptions=[SubscriptionUse(each, customer_usage(each)) for each in subscriptions[:RECENT]],
        orders=list(organization.orders.select_related("subscription__plan")[:RECENT]),
        invoices=list(organization.invoices.order_by("-issued_at")[:RECENT]),
        events=list(AuditEvent.objects.filter(organization_id=organization.pk).order_by("-created_at")[:RECENT]),
    )
