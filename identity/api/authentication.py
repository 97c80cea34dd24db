"""The three ways in which a person proves who they are: bearer token, token cookie, browser session.

Whoever comes without a header of their own may have been sent by another site, so for all but the bearer the surface
asks for proof that one of our pages sent the request (CSRF).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial
from typing import ClassVar, cast
from uuid import UUID

from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from identity import permissions
from identity.api import cookies
from identity.models import Session, User
from identity.services import access_tokens, sessions
from identity.services.access_tokens import AccessToken
from orgs.portal.pages import SESSION_KEY
from orgs.selectors import organization_in_use
from platform_core.errors import NotAuthenticated

SESSION = "session"


@dataclass(frozen=True)
class Credential:
    """How a person signed in, the organization that they work in, and the sign-in behind a token."""

    kind: str
    session: Session
    # Asked for with the first question: many requests are about no organization.
    find_organization: Callable[[], UUID | None]

    @cached_property
    def organization_id(self) -> UUID | None:
        """The organization in use."""
        return self.find_organization()

    @property
    def counted_for(self) -> UUID | None:
        """The organization whose calls these are: that of the token; of a browser's session, once somebody asked."""
        found: UUID | None = vars(self).get("organization_id") if self.kind == SESSION else self.organization_id
        return found

    @property
    def limited_as(self) -> str:
        """Whose requests are counted together: every way to use one sign-in is one caller."""
        return f"session:{self.session.pk}"

    @property
    def signed_in_at(self) -> datetime:
        """When the person proved who they are."""
        return self.session.created_at

    @property
    def has_two_factor(self) -> bool:
        """Whether a second factor was proved for this sign-in."""
        return self.session.has_two_factor

    def has_stepped_up(self, purpose: str) -> bool:
        """Whether the person proved just now that it is still they, for this purpose."""
        return self.session.has_stepped_up(purpose)

    @classmethod
    def of_token(cls, kind: str, token: AccessToken) -> "Credential":
        """The credential that a valid access token is."""
        return cls(kind, token.session, lambda: token.organization_id)


def credential_of(request: Request) -> Credential:
    """The credential of an authenticated person."""
    return cast("Credential", request.auth)


class BearerAuthentication(BaseAuthentication):
    """`Authorization: Bearer <access token>`. Whoever sends one is judged by it alone."""

    challenge: ClassVar[str] = 'Bearer realm="mainstay"'

    def authenticate(self, request: Request) -> tuple[User, Credential] | None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        access = access_tokens.verify(token.strip(), for_staff=permissions.is_for_staff(request.path))
        return access.session.user, Credential.of_token("bearer", access)

    def authenticate_header(self, request: Request) -> str:
        return self.challenge


class CookieAuthentication(BaseAuthentication):
    """The access token in its cookie. One that has ended counts as none: a browser cannot help sending it."""

    def authenticate(self, request: Request) -> tuple[User, Credential] | None:
        token = cookies.access_token(request)
        if not token:
            return None
        try:
            access = access_tokens.verify(token, for_staff=permissions.is_for_staff(request.path))
        except NotAuthenticated:
            return None
        return access.session.user, Credential.of_token("cookie", access)


class SessionAuthentication(BaseAuthentication):
    """The session of the pages."""

    def authenticate(self, request: Request) -> tuple[User, Credential] | None:
        session = sessions.of_request(request._request)
        if session is None:
            return None
        chosen = request._request.session.get(SESSION_KEY)
        return session.user, Credential(SESSION, session, partial(organization_in_use, session.user, chosen))
