"""Credentials of machines that share one secret with us."""

import hmac
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request


@dataclass(frozen=True)
class MachineCredential:
    """What a machine proved to be: the access rule it satisfies."""

    kind: str

    @property
    def limited_as(self) -> str:
        """Whose requests are counted together."""
        return f"credential:{self.kind}"


class SharedTokenAuthentication(BaseAuthentication):
    """A token in a header of its own, equal to a setting. An empty setting closes the surface."""

    header: str
    setting: str
    kind: str

    def authenticate(self, request: Request) -> tuple[Any, MachineCredential] | None:
        expected: str = getattr(settings, self.setting)
        given = request.headers.get(self.header, "")
        if not expected or not hmac.compare_digest(given.encode(), expected.encode()):
            return None
        return AnonymousUser(), MachineCredential(self.kind)


class InternalTokenAuthentication(SharedTokenAuthentication):
    """Our own services behind the firewall."""

    header = "x-platform-internal-token"
    setting = "INTERNAL_TOKEN"
    kind = "internal token"


class CronTokenAuthentication(SharedTokenAuthentication):
    """The scheduler."""

    header = "x-cron-token"
    setting = "CRON_TOKEN"
    kind = "scheduler"
