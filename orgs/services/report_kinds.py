"""The reports that organizations themselves have something to say about."""

from django.db.models import Count, Max

from orgs import roles
from orgs.models import Membership, Organization, ProductResource
from orgs.reports import Column, Content, ReportKind, Span
from orgs.services import product_roles
from platform_core.models import AuditEvent


def _members(organization: Organization, span: Span) -> Content:
    members = Membership.ALL.filter(organization=organization).order_by("created_at")
    members = members.select_related("user", "custom_role")
    in_products = product_roles.of_members(members)
    rows = [
        (
            member.user.name,
            member.user.email,
            member.role_name,
            ", ".join(f"{each.product.name}: {each.role}" for each in in_products[member.pk]),
            member.get_status_display(),
            f"{member.created_at:%Y-%m-%d}",
        )
        for member in members
    ]
    return Content(
        columns=[
            Column("Person", 4),
            Column("Email", 5),
            Column("Role", 2),
            Column("In products", 5),
            Column("Status", 2),
            Column("Since", 2),
        ],
        rows=rows,
        facts=[
            ("Members", f"{len(rows):,}"),
            ("Seats", "no limit" if organization.seat_limit is None else f"{organization.seat_limit:,}"),
        ],
    )


def _activity(organization: Organization, span: Span) -> Content:
    events = AuditEvent.objects.filter(
        organization_id=organization.pk, created_at__gte=span.starts_at, created_at__lt=span.ends_at
    )
    counted = events.values("action", "actor_label").annotate(count=Count("pk"), last=Max("created_at"))
    rows = [
        (each["action"], each["actor_label"] or "the platform", each["count"], f"{each['last']:%Y-%m-%d %H:%M}")
        for each in counted.order_by("action", "actor_label")
    ]
    return Content(
        columns=[Column("Action", 5), Column("By", 5), Column("Times", 2, is_number=True), Column("Last, UTC", 3)],
        rows=rows,
        facts=[("Events", f"{sum(int(row[2]) for row in rows):,}")],
    )


def _resources(organization: Organization, span: Span) -> Content:
    present = ProductResource.objects.present().filter(organization=organization).select_related("product")
    rows = [
        (
            each.get_kind_display(),
            each.name,
            each.product.name,
            each.state or "not said",
            f"{each.reported_at:%Y-%m-%d %H:%M}",
        )
        for each in present.order_by("kind", "name")
    ]
    return Content(
        columns=[
            Column("Kind", 2),
            Column("Name", 6),
            Column("Product", 3),
            Column("State", 3),
            Column("Told, UTC", 3),
        ],
        rows=rows,
        facts=[("Status pages and checks", f"{len(rows):,}")],
    )


KINDS = [
    ReportKind(
        "members",
        "Members and roles",
        "Who belongs to the organization, and as what, now.",
        roles.MEMBER_READ,
        _members,
        is_dated=False,
    ),
    ReportKind("audit_activity", "Audit activity", "Who did what, and how often.", roles.AUDIT_READ, _activity),
    ReportKind(
        "checks",
        "Status pages and checks",
        "What products watch for the organization, and how it is now.",
        roles.ORGANIZATION_READ,
        _resources,
        is_dated=False,
    ),
]
