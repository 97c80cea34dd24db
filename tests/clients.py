"""Callers: who they are, and how they call."""

from typing import Any

from django.contrib.auth.models import Group, Permission
from django.core.signals import setting_changed
from django.test import Client
from django.test.client import ClientHandler

from identity.models import User
from orgs.models import Organization
from tenants.models import Server
from tests import make
from tests.sign_ins import enter

# Django's clients each build a chain of middleware. Ours share one, that is built anew when a setting has changed.
_HANDLERS = {strict: ClientHandler(enforce_csrf_checks=strict) for strict in (False, True)}


def _drop_chains(**_: Any) -> None:
    for handler in _HANDLERS.values():
        handler._middleware_chain = None  # type: ignore[attr-defined]


setting_changed.connect(_drop_chains)


class QuickClient(Client):
    """Django's client, on the chain of middleware that stands."""

    def __init__(self, *, enforce_csrf_checks: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.handler = _HANDLERS[enforce_csrf_checks]


class ApiClient(QuickClient):
    """A client whose bodies are JSON."""

    def post(self, path: str, data: Any = None, content_type: str = "application/json", **kwargs: Any) -> Any:  # type: ignore[override]
        return super().post(path, data, content_type, **kwargs)

    def put(self, path: str, data: Any = None, content_type: str = "application/json", **kwargs: Any) -> Any:  # type: ignore[override]
        return super().put(path, data, content_type, **kwargs)

    def patch(self, path: str, data: Any = None, content_type: str = "application/json", **kwargs: Any) -> Any:  # type: ignore[override]
        return super().patch(path, data, content_type, **kwargs)


class PersonClient(ApiClient):
    """A signed-in person."""

    def __init__(self, user: User, organization: Organization | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.user = user
        self._organization = organization
        enter(self, user)

    @property
    def organization(self) -> Organization:
        """The one organization that the person belongs to."""
        assert self._organization is not None, "Staff belong to no organization."
        return self._organization


class ServerClient(ApiClient):
    """A registered server with its key."""

    def __init__(self, server: Server, key: str) -> None:
        super().__init__(headers={"Authorization": f"Bearer {key}"})
        self.server = server
        self.key = key


def staff(*permissions: str) -> PersonClient:
    """A staff member who holds exactly these permissions."""
    user = make.user(is_staff=True)
    for permission in permissions:
        app_label, codename = permission.split(".")
        user.user_permissions.add(Permission.objects.get(content_type__app_label=app_label, codename=codename))
    return PersonClient(user)


def staff_in(role: str, **fields: Any) -> PersonClient:
    """A staff member in a role, with what the role may do."""
    user = make.user(is_staff=True, **fields)
    user.groups.add(Group.objects.get(name=role))
    return PersonClient(user)
