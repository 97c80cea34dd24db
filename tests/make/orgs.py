"""Organizations, memberships, products."""

from datetime import date, timedelta
from typing import Any

from identity.models import User
from orgs.models import (
    CustomRole,
    Domain,
    Invitation,
    Membership,
    Organization,
    Product,
    ProductResource,
    Report,
    ReportSchedule,
    RoleGrant,
)
from orgs.roles import Role
from platform_core import clock, tokens
from tests.make.identity import user as make_user
from tests.make.numbers import unique


def organization(name: str = "", **fields: Any) -> Organization:
    """An organization without members."""
    slug = unique("organization")
    values = {"slug": slug, "billing_email": f"billing@{slug}.test"} | fields
    return Organization.objects.create(name=name or slug, **values)


def membership(
    organization: Organization, user: User | None = None, *, role: Role = Role.MEMBER, **fields: Any
) -> Membership:
    """An active place in an organization."""
    person = user or make_user()
    return Membership.objects.create(organization=organization, user=person, role=role, **fields)


def person(organization: Organization, role: Role = Role.OWNER, **fields: Any) -> User:
    """A person with an active place in an organization."""
    made = make_user(**fields)
    membership(organization, made, role=role)
    return made


def product(code: str = "", **fields: Any) -> Product:
    """A product without plans."""
    code = code or unique("product")
    return Product.objects.create(code=code, **{"name": code.title()} | fields)


def product_resource(organization: Organization, kind: str = "status_page", **fields: Any) -> ProductResource:
    """A status page or a check that a product told of."""
    external_id = unique(kind)
    values = {"external_id": external_id, "name": external_id, "version": 1} | fields
    if "product" not in values:
        values["product"] = product()
    return ProductResource.objects.create(organization=organization, kind=kind, **values)


def domain(organization: Organization, name: str = "", **fields: Any) -> Domain:
    """A domain that an organization claims."""
    name = name or f"{unique('domain')}.example"
    values = {"challenge": f"challenge-of-{name}"} | fields
    if values.get("state") == Domain.State.VERIFIED:
        now = clock.now()
        values = {"verified_at": now, "checked_at": now, "next_check_at": now + timedelta(days=7)} | values
    return Domain.objects.create(organization=organization, name=name, **values)


def invitation(
    organization: Organization, token: str = "", *, by: User | None = None, role: Role = Role.MEMBER, **fields: Any
) -> Invitation:
    """A pending invitation behind the token, from an owner."""
    token = token or unique("join_token")
    values: dict[str, Any] = {
        "email": f"{unique('invited')}@example.test",
        "expires_at": clock.wall() + timedelta(hours=168),
    }
    inviter = by or person(organization)
    return Invitation.objects.create(
        organization=organization, token_digest=tokens.digest(token), invited_by=inviter, role=role, **values | fields
    )


def custom_role(organization: Organization, key: str = "", **fields: Any) -> CustomRole:
    """A role that may see the organization, and nothing more."""
    key = key or unique("role")
    return CustomRole.objects.create(organization=organization, key=key, **{"name": key.title()} | fields)


def role_grant(member: Membership, code: str = "", role: str = "editor", **fields: Any) -> RoleGrant:
    """A role in a product, given by people."""
    made = Product.objects.filter(code=code).first() or product(code, role_options=["admin", "editor", "viewer"])
    return RoleGrant.objects.create(membership=member, product=made, role=role, **fields)


def report(organization: Organization, **fields: Any) -> Report:
    """A report of January that is in the making."""
    days = {"starts_on": date(2026, 1, 1), "ends_on": date(2026, 1, 31)}
    return Report.objects.create(organization=organization, **{"kind": "members"} | days | fields)


def report_schedule(organization: Organization, *recipients: Membership, **fields: Any) -> ReportSchedule:
    """A report that is made of each month from January on."""
    values = {"kind": "members", "every": "month", "next_on": date(2026, 1, 1)} | fields
    made = ReportSchedule.objects.create(organization=organization, **values)
    made.recipients.set(recipients)
    return made
