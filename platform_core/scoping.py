"""Whose rows may be seen: one context per unit of work, and managers that refuse to answer without it.

A scope is one of three: the organizations of the caller, staff (every organization, as a person), or system (every
organization, as the platform itself). Requests start without one and their surface enters it after authentication;
jobs and commands enter it explicitly. `visible_to` narrows within the scope.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar, Token
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, TypeVar
from uuid import UUID

from django.conf import settings
from django.db import models

from platform_core.postgresql import EVERYWHERE

M = TypeVar("M", bound=models.Model)
NOTHING = ""


class ScopeMissing(RuntimeError):
    """A tenant-owned table was queried outside any scope."""


@dataclass(frozen=True)
class Scope:
    """`organizations` is None where every organization is in scope."""

    kind: str
    organizations: frozenset[UUID] | None = None

    @property
    def told(self) -> str:
        """What the database is told: the organizations, or the kind of a scope that has every one."""
        if self.organizations is None:
            return self.kind
        return f"{{{','.join(sorted(map(str, self.organizations)))}}}"


class FoundWhenAsked(Scope):
    """The scope of a caller whose organizations are looked up with the first row: many requests ask for none."""

    def __init__(self, find: Callable[[], Iterable[UUID]]) -> None:
        object.__setattr__(self, "kind", "organization")
        object.__setattr__(self, "_find", find)

    @cached_property
    def organizations(self) -> frozenset[UUID]:
        """Looked up once, in the request that asks."""
        find: Callable[[], Iterable[UUID]] = vars(self)["_find"]
        with system():
            return frozenset(find())

    @property
    def told(self) -> str:
        """Nothing, as long as nobody asked for a row: managers ask before they build a query."""
        return super().told if "organizations" in vars(self) else NOTHING


_current: ContextVar[Scope | None] = ContextVar("scope", default=None)


def current() -> Scope:
    """The scope in force; raises ScopeMissing outside one."""
    scope = _current.get()
    if scope is None:
        raise ScopeMissing("Enter scoping.organizations(...), scoping.staff() or scoping.system() first.")
    return scope


def told() -> str:
    """The scope in force as the database is told it; empty outside one, which is no row of anybody's."""
    scope = _current.get()
    return NOTHING if scope is None else scope.told


def enter(scope: Scope | None) -> Token[Scope | None]:
    """Set the scope for the rest of this unit of work; whoever began it resets it with the token."""
    return _current.set(scope)


def leave(token: Token[Scope | None]) -> None:
    """Restore the scope that was in force before `enter`."""
    _current.reset(token)


def of_organizations(ids: Iterable[UUID]) -> Scope:
    """The scope of a caller who acts within these organizations."""
    return Scope("organization", frozenset(ids))


STAFF = Scope("staff")
SYSTEM = Scope("system")


@contextmanager
def using(scope: Scope | None) -> Iterator[None]:
    """Run a block within a scope."""
    token = enter(scope)
    try:
        yield
    finally:
        leave(token)


def organization(organization_id: UUID) -> AbstractContextManager[None]:
    """Run a block within one organization."""
    return using(of_organizations([organization_id]))


def staff() -> AbstractContextManager[None]:
    """Run a block as staff: every organization."""
    return using(STAFF)


def system() -> AbstractContextManager[None]:
    """Run a block as the platform itself: every organization."""
    return using(SYSTEM)


class ScopedManager(models.Manager[M]):
    """Raises without a scope; within one, gives only the rows of its organizations."""

    def get_queryset(self) -> models.QuerySet[M]:
        scope = current()
        queryset = super().get_queryset()
        if scope.organizations is None:
            return queryset
        path: str = self.model.scope_path  # type: ignore[attr-defined]
        return queryset.filter(**{f"{path}__in": scope.organizations})


class _Everywhere(models.Expression):
    """True of each row; the text of a statement that holds it says what the statement is."""

    output_field = models.BooleanField()

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[()]]:
        return f"1 = 1 {EVERYWHERE}", ()


class BeforeScope(models.Manager[M]):
    """Sees every organization, by itself and as a part of another query: for what is asked before there is a scope."""

    def get_queryset(self) -> models.QuerySet[M]:
        queryset = super().get_queryset()
        return queryset.filter(_Everywhere()) if settings.PLATFORM_RLS else queryset


class Reached(models.Model):
    """A row that is asked for through another, which belongs to an organization: its manager takes no scope.

    PostgreSQL's policies hold it all the same, along `scope_path`.
    """

    scope_path: ClassVar[str]

    class Meta:
        abstract = True


class Scoped(models.Model):
    """A row that belongs to an organization, by the column (or the path to it) named in `scope_path`.

    Each model names its manager itself, a ScopedManager; a test holds that.
    """

    scope_path: ClassVar[str] = "organization_id"

    class Meta:
        abstract = True
