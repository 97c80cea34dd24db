"""What a person may do, found with the sign-in where staff call: a question of its own costs more than the answer."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth.models import Permission
from django.db.models import Aggregate, Case, OuterRef, Q, QuerySet, Subquery, TextField, Value, When
from django.db.models.functions import Coalesce, Concat

if TYPE_CHECKING:
    from django.db.models.sql.compiler import SQLCompiler

    from identity.models import User

CACHED = "_held_permissions"
# Where nobody but staff gets an answer.
PATHS = (settings.CONSOLE_PATH, "/api/admin/", "/api/v1/admin/")
# In no name of an app, and in none of a permission.
COMMA = ","


class Joined(Aggregate):
    """Texts of several rows as one."""

    function = "STRING_AGG"
    output_field = TextField()

    def as_sqlite(self, compiler: "SQLCompiler", connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, function="GROUP_CONCAT", **context)


def is_for_staff(path: str) -> bool:
    """Whether an address is staff's alone."""
    return path.startswith(PATHS)


def of(user: "User") -> set[str]:
    """As "app.codename"; asked once for each object, unless it came with the sign-in."""
    if CACHED not in vars(user):
        found = Permission.objects.all() if user.is_superuser else _held(user.pk)
        pairs = found.order_by().values_list("content_type__app_label", "codename")
        remember(user, (f"{app_label}.{codename}" for app_label, codename in pairs))
    held: set[str] = vars(user)[CACHED]
    return held


def remember(user: "User", held: Iterable[str]) -> None:
    """This is what the person holds, as was found out another way."""
    vars(user)[CACHED] = set(held)


def came_with(row: Any, user: "User") -> None:
    """Remember what `held_by` found with a row; nothing for whoever it does not speak of."""
    if user.is_staff and not user.is_superuser:
        remember(user, filter(None, (row.held_permissions or "").split(COMMA)))


def held_by(person: str) -> Case:
    """The permissions of staff as one text, as an expression about a row with this path to the person."""
    theirs = OuterRef(f"{person}_id")
    # One look for their own and one for their groups': of one for either, SQLite reads every permission there is.
    own = Permission.user_set.through.objects.filter(user=theirs)
    groups = Permission.group_set.through.objects.filter(group__user=theirs)
    joined = Concat(_names(own), Value(COMMA), _names(groups), output_field=TextField())
    staff = Q(**{f"{person}__is_staff": True, f"{person}__is_superuser": False})
    return Case(When(staff, then=joined), output_field=TextField())


def _names(links: "QuerySet[Any]") -> Coalesce:
    name = Concat("permission__content_type__app_label", Value("."), "permission__codename")
    rows = links.order_by().annotate(one=Value(1)).values("one")
    return Coalesce(
        Subquery(rows.annotate(names=Joined(name, Value(COMMA))).values("names")), Value(""), output_field=TextField()
    )


def _held(person: Any) -> "QuerySet[Permission]":
    # Two looks by key: the same as joins is planned for longer than all the rest of a request takes.
    own = Permission.user_set.through.objects.filter(user=person).values("permission")
    groups = Permission.group_set.through.objects.filter(group__user=person).values("permission")
    return Permission.objects.filter(Q(pk__in=own) | Q(pk__in=groups))
