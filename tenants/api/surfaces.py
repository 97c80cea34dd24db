"""The tenant surface: servers, each with its key."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from platform_core import scoping
from platform_core.api import access
from platform_core.api.surfaces import HubSurface
from platform_core.errors import DomainError
from platform_core.scoping import Scope
from tenants.models import Server
from tenants.services import registration

LONGEST_BODY = 256 * 1024


class PayloadTooLarge(DomainError):
    """More than a server has to say."""

    status = 413
    code = "PAYLOAD_TOO_LARGE"


@dataclass(frozen=True)
class ServerCredential:
    """A key, and whose it is."""

    server: Server
    kind: str = access.SERVER

    @property
    def counted_for(self) -> UUID:
        """The organization whose calls these are."""
        return self.server.order.organization_id

    @property
    def limited_as(self) -> str:
        """Whose requests are counted together."""
        return f"credential:server:{self.server.pk}"


def bearer(request: HttpRequest | Request) -> str:
    """The server key of a request; empty where there is none."""
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" and key.strip().startswith(f"{registration.KEY_PREFIX}_") else ""


def check_size(request: HttpRequest | Request) -> None:
    """Before the body is read."""
    length = request.headers.get("Content-Length", "")
    if length.isdecimal() and int(length) > LONGEST_BODY:
        raise PayloadTooLarge(f"A body may have {LONGEST_BODY} bytes.")


class ServerKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer hk_…`."""

    def authenticate(self, request: Request) -> tuple[Any, ServerCredential] | None:
        key = bearer(request)
        with scoping.system():
            server = registration.server_of_key(key) if key else None
        return None if server is None else (AnonymousUser(), ServerCredential(server))


class TenantSurface(HubSurface):
    """`/api/v1/tenant/`: a server, about itself."""

    authentication_classes = [ServerKeyAuthentication]
    security: ClassVar[Sequence[str]] = ("serverKey",)
    pagination_class = None

    @property
    def server(self) -> Server:
        """The server that calls."""
        credential: ServerCredential = self.request.auth  # type: ignore[assignment]
        return credential.server

    def scope(self) -> Scope | None:
        if not isinstance(self.request.auth, ServerCredential):
            return None
        return scoping.of_organizations([self.server.order.organization_id])

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        check_size(request)
