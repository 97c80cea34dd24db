"""The people of the demo company: fixed names, so that every run tells the same story."""

from dataclasses import dataclass

from django.db import transaction

from identity import staff_roles
from identity.models import User
from identity.services import accounts, operators, two_factor
from orgs.models import Membership, Organization, Report
from orgs.roles import Role
from orgs.services import reports
from orgs.services.reports import Wanted
from platform_core.services import audit

PASSWORD = "harbour-lantern-42"  # noqa: S105 - printed by the demo, valid nowhere else


@dataclass(frozen=True)
class Company:
    """A customer: who owns it, who works there, what it buys (plan codes) and how busy its agents are."""

    name: str
    owner: tuple[str, str]
    members: tuple[tuple[str, str, Role], ...] = ()
    plans: tuple[str, ...] = ()
    # What goes with them: so many of each add-on, and the code of a coupon.
    add_ons: tuple[tuple[str, int], ...] = ()
    coupon: str = ""
    tokens_per_hour: int = 0


STAFF = (
    ("ada@mainstay.example", "Ada Marlow", staff_roles.OWNER),
    ("sven@mainstay.example", "Sven Lindqvist", staff_roles.SUPPORT),
)
COMPANIES = (
    Company(
        "Harbour Coffee Roasters",
        ("olivia@harbour-coffee.example", "Olivia Brandt"),
        (
            ("marco@harbour-coffee.example", "Marco Ruiz", Role.MEMBER),
            ("bea@harbour-coffee.example", "Bea Novak", Role.BILLING),
        ),
        ("hosting-pro", "bundle-team"),
        tokens_per_hour=32_000,
    ),
    Company(
        "Fjord Analytics",
        ("henrik@fjord-analytics.example", "Henrik Dahl"),
        plans=("hosting-enterprise",),
        add_ons=(("hosting-backups", 2),),
        coupon="HARBOUR25",
        tokens_per_hour=70_000,
    ),
    Company("Paper Lantern Studio", ("mei@paper-lantern.example", "Mei Tanaka"), plans=("pages-business",)),
    Company("Quarry & Sons", ("tom@quarry.example", "Tom Quarry")),
)


def operator(email: str, name: str, role: str) -> User:
    """A member of staff, made once, with an authenticator app: without one, nothing of staff's opens."""
    known = User.objects.filter(email=email).first()
    if known is not None:
        return known
    made = operators.create_operator(email, PASSWORD, name, role=role)
    two_factor.enrol(made)
    return made


def company(story: Company) -> Organization:
    """A customer organization with its people, made once."""
    email, name = story.owner
    owner = User.objects.filter(email=email).first() or accounts.open_account(
        email, PASSWORD, name, company=story.name, confirmed=True
    )
    organization = Organization.objects.get(memberships__user=owner, name=story.name)
    for member_email, member_name, role in story.members:
        _member(organization, owner, (member_email, member_name), role)
    return organization


def _member(organization: Organization, owner: User, person: tuple[str, str], role: Role) -> None:
    email, name = person
    user = User.objects.filter(email=email).first() or _invited(email, name)
    with transaction.atomic():
        membership, created = Membership.objects.get_or_create(
            organization=organization, user=user, defaults={"role": role}
        )
        if created:
            audit.record("membership.create", membership, by=owner, changes={"role": role})


def _invited(email: str, name: str) -> User:
    """Somebody who came by an invitation: the organization they work in is the one that they were invited to."""
    person = accounts.unsaved(email, name)
    person.set_password(PASSWORD)
    with transaction.atomic():
        accounts.insert(person, confirmed=True)
        audit.record("user.register", person, by=person)
    return person


def ask_for_report(organization: Organization) -> None:
    """Its owner asks for a report, once."""
    if not Report.objects.filter(organization=organization).exists():
        owner = Membership.objects.filter(organization=organization, role=Role.OWNER).earliest("created_at")
        reports.request(organization, Wanted("members"), by=owner.user, permissions=owner.permissions)
