"""What every page says of the sign-in behind it."""

from django.http import HttpRequest

from identity.models import Session
from identity.services import sessions


def impersonation(request: HttpRequest) -> dict[str, Session | None]:
    """The sign-in in which a member of staff acts as the person whom the page is for."""
    session = sessions.of_request(request) if hasattr(request, "session") else None
    return {"acting": session if session is not None and session.impersonator_id is not None else None}
