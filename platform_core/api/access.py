"""Who may call: every view declares it for each verb.

Settings name this module while REST framework's own views are still loading, so it must not import views.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rest_framework.exceptions import MethodNotAllowed, NotAuthenticated
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

if TYPE_CHECKING:
    from platform_core.api.surfaces import Surface

ANYONE = "anyone"
PERSON = "person"
CUSTOMER = "customer"
SESSION = "session"
SERVER = "server"
REGISTRATION = "registration"
SCHEDULER = "scheduler"
SIGNATURE = "signature"
INTERNAL = "internal token"

# No credential comes in a header: nothing is needed, or the body itself is the proof, which the view verifies.
OPEN = frozenset({ANYONE, REGISTRATION, SIGNATURE})


def rule_for(view: Any, method: str) -> str | None:
    """What the view declares for a verb. HEAD is a GET without its body."""
    declared: Mapping[str, str] = getattr(view, "access", {})
    return declared.get("GET" if method == "HEAD" else method)


def step_up_for(view: Any, method: str) -> str:
    """The purpose for which the caller must have proved themselves again; empty for most verbs."""
    declared: Mapping[str, str] | str = getattr(view, "step_up", "")
    return declared if isinstance(declared, str) else declared.get(method, "")


def is_staff_permission(rule: str) -> bool:
    """Whether the rule reads like a Django permission, "app.codename"."""
    return "." in rule


class DeclaredAccess(BasePermission):
    """Refuses whatever a view does not declare; asks for a credential before it says anything else."""

    def has_permission(self, request: Request, view: "Surface") -> bool:  # type: ignore[override]
        method = str(request.method)
        rule = rule_for(view, method)
        if rule in OPEN:
            return True
        if request.successful_authenticator is None and not OPEN.issuperset(view.access.values()):
            raise NotAuthenticated
        if rule is None:
            raise MethodNotAllowed(method)
        return request.successful_authenticator is not None and view.permits(rule)
