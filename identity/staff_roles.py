"""Staff roles, described once: the admin site and the admin API ask for the same permissions."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.db.models import (
    Case,
    F,
    IntegerField,
    OuterRef,
    QuerySet,
    Subquery,
    Value,
    When,
    prefetch_related_objects,
)
from django.db.models.functions import Coalesce

if TYPE_CHECKING:
    from identity.models import User

OWNER = "OWNER"
ADMIN = "ADMIN"
MANAGER = "MANAGER"
SUPPORT = "SUPPORT"

OUR_APPS = ("platform_core", "orgs", "identity", "billing", "tenants")

# Only owners decide who else is staff.
OWNER_ONLY = frozenset({"identity.manage_staff"})

_SUPPORT = frozenset(
    {
        "identity.view_user",
        "orgs.view_membership",
        "orgs.view_organization",
        "platform_core.view_job",
        "tenants.view_order",
        "tenants.view_server",
    }
)
_MANAGER = _SUPPORT | frozenset(
    {
        "identity.change_user",
        "identity.impersonate_user",
        "identity.suspend_user",
        "orgs.change_membership",
        "orgs.change_organization",
        "platform_core.retry_job",
        "platform_core.view_auditevent",
        "tenants.change_order",
        "tenants.provision_order",
    }
)
# The lower two are lists; the upper two hold whatever our apps define, so that a new permission needs no edit here.
LISTED = {MANAGER: _MANAGER, SUPPORT: _SUPPORT}
ROLES = (OWNER, ADMIN, MANAGER, SUPPORT)
# Where a person keeps their role, and in how many groups they are, if that came with them.
KNOWN = "held_role"
GROUPS = "held_groups"
RANKS = {role: len(ROLES) - place for place, role in enumerate((*ROLES, ""))}


def role_of(user: "User") -> str:
    """The highest role a person holds; empty for none, and for whoever is not staff. Asked once for each object."""
    if not user.is_staff:
        return ""
    if KNOWN in vars(user):
        return str(vars(user)[KNOWN])
    load(user)
    return _first(group.name for group in user.groups.all())


def hold(*people: "User") -> None:
    """Find out the roles of all of them, and let nobody else take an owner away before this transaction ends."""
    held = Group.objects.filter(user__in=people).annotate(holder=F("user__id"))
    pairs = [(group.holder, group.name) for group in held.select_for_update(of=("self",)).order_by("pk")]
    for person in people:
        names = [name for holder, name in pairs if holder == person.pk]
        vars(person).update({KNOWN: _first(names), GROUPS: len(names)})


def give_first(user: "User", group_id: int) -> bool:
    """Put somebody, whose row is held, in a group if they are in none: one statement, nobody comes between the two."""
    table, pk = (
        connection.ops.quote_name(user.groups.through._meta.db_table),
        user._meta.pk.get_db_prep_value(user.pk, connection),
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (user_id, group_id) SELECT %s, %s "  # noqa: S608 - a name of ours
            f"WHERE NOT EXISTS (SELECT 1 FROM {table} WHERE user_id = %s)",
            [pk, group_id, pk],
        )
        return bool(cursor.rowcount)


def _first(names: Iterable[str]) -> str:
    held = set(names)
    return next((role for role in ROLES if role in held), "")


def load(*people: "User") -> None:
    """Find out the roles of all of them by one query. A change by way of the same object is seen."""
    prefetch_related_objects([person for person in people if KNOWN not in vars(person)], "groups")


def find(people: "QuerySet[User]", by: "User") -> "User | None":
    """The one among these, with their role and that of whoever asks, in one query."""
    person = people.annotate(held_role=highest(OuterRef("pk")), asking_role=highest(by.pk)).first()
    if person is not None:
        vars(by)[KNOWN] = vars(person)["asking_role"]
    return person


def highest(holder: Any) -> Coalesce:
    """The highest role of somebody, as an expression about a row; empty for none."""
    rank = Case(*(When(name=role, then=rank) for role, rank in RANKS.items()), output_field=IntegerField())
    held = Group.objects.filter(user=holder, name__in=ROLES).order_by(rank.desc()).values("name")
    return Coalesce(Subquery(held[:1]), Value(""))


def is_above(role: str, other: str) -> bool:
    """Whether a role stands above another. No role at all stands below each of them."""
    return RANKS[role] > RANKS[other]


def permissions_of(role: str) -> "QuerySet[Permission]":
    """The permissions of a role as they exist in the database."""
    ours = Permission.objects.filter(content_type__app_label__in=OUR_APPS)
    if role == OWNER:
        return ours
    if role == ADMIN:
        return ours.exclude(pk__in=_ids(ours, OWNER_ONLY))
    return ours.filter(pk__in=_ids(ours, LISTED[role]))


def _ids(permissions: "QuerySet[Permission]", wanted: Iterable[str]) -> list[int]:
    rows = permissions.values_list("content_type__app_label", "codename", "pk")
    return [pk for app, codename, pk in rows if f"{app}.{codename}" in frozenset(wanted)]


def sync(app_config: Any, **kwargs: Any) -> None:
    """After migrations: one Group for each role, holding exactly what the role may do."""
    # Permissions of an app are made when its turn comes; after the last one all of them exist.
    if app_config is not list(apps.get_app_configs())[-1]:
        return
    for role in ROLES:
        group, _ = Group.objects.get_or_create(name=role)
        group.permissions.set(permissions_of(role))
