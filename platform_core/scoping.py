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
from typing import ClassVar, TypeVar
from uuid import UUID

from django.db import models

M = TypeVar("M", bound=models.Model)


class ScopeMissing(RuntimeError):
    """A tenant-owned table was queried outside any scope."""


@dataclass(frozen=True)
class Scope:
    """`organizations` is None where every organization is in scope."""

    kind: str
    organizations: frozenset[UUID] | None = None


class FoundWhenAsked(Scope):
    """The scope of a caller whose organizations are looked up with the first row: many requests ask for none."""

    def __init__(self, find: Callable[[], Iterable[UUID]]) -> None:
        object.__setattr__(self, "kind", "organization")
        object.__setattr__(self, "_find", find)

    @cached_property
    def organizations(self) -> frozenset[UUID]:
        """Looked up once, in the request that asks."""
        find: Callable[[], Iterable[UUID]] = vars(self)["_find"]
        return frozenset(find())


_current: ContextVar[Scope | None] = ContextVar("scope", default=None)


def current() -> Scope:
    """The scope in force; raises ScopeMissing outside one."""
    scope = _current.get()
    if scope is None:
        raise ScopeMissing("Enter scoping.organizations(...), scoping.staff() or scoping.system() first.")
    return scope


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


class Scoped(models.Model):
    """A row that belongs to an organization, by the column (or the path to it) named in `scope_path`.

    Each model names its manager itself, a ScopedManager; a test holds that.
    """

    scope_path: ClassVar[str] = "organization_id"

    class Meta:
        abstract = True
