"""How often a caller may ask of the API. Its credential says as whom it is counted: "session:…" or "credential:…"."""

from django.conf import settings

from platform_core import ratelimit
from platform_core.ratelimit import Limit, Usage


def limit_for(caller: str) -> Limit:
    """People have a minute's worth for each of their sessions; machines have a larger one for each credential."""
    kind = caller.partition(":")[0]
    amounts = {"session": settings.SESSION_REQUESTS_PER_MINUTE, "credential": settings.CREDENTIAL_REQUESTS_PER_MINUTE}
    return Limit(kind, amounts[kind], 60)


def spend(auth: object) -> Usage | None:
    """Count a request of whoever was authenticated, 429 where it is one too many. Strangers are not counted here."""
    caller: str | None = getattr(auth, "limited_as", None)
    return ratelimit.require(limit_for(caller), caller) if caller else None
