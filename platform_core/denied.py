"""Where a request that asked for too much is told of: every surface, the pages and the console come here."""

from typing import TYPE_CHECKING, cast
from uuid import UUID

from django.db.models import Model
from django.http import HttpRequest
from rest_framework.exceptions import PermissionDenied

from platform_core.errors import DomainError
from platform_core.services import denials
from platform_core.services.denials import Attempt

if TYPE_CHECKING:
    from django.urls import ResolverMatch


def is_denial(error: Exception) -> bool:
    """Whether it says: this is not yours to do."""
    return error.is_denial if isinstance(error, DomainError) else isinstance(error, PermissionDenied)


def tell(request: HttpRequest, target: Model, *, wanted: str = "", status: int = 403) -> None:
    """Leave an event, in the record that the target belongs to, of what the signed-in person tried."""
    match = cast("ResolverMatch", request.resolver_match)
    named = {name: value for name, value in match.kwargs.items() if isinstance(value, UUID)}
    attempt = Attempt(str(request.method), f"/{match.route}", named, wanted, status)
    denials.record(target, attempt, by=request.user)  # type: ignore[arg-type]  # anonymous callers are asked to sign in
