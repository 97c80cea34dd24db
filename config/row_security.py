"""PLATFORM_RLS: PostgreSQL itself shows and takes only rows of the scope in force, whatever SQL asks for them."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured


def guarded(database: dict[str, Any], *, asked: bool) -> dict[str, Any]:
    """The same database, on connections that tell PostgreSQL the scope, where that is asked for."""
    if not asked:
        return database
    if not database["ENGINE"].endswith(".postgresql"):
        message = "PLATFORM_RLS is PostgreSQL's row-level security: set DATABASE_URL to postgres://..., or unset it."
        raise ImproperlyConfigured(message)
    # A cursor of the server is read later, and would be read within whatever scope is in force by then.
    return {**database, "ENGINE": "platform_core.postgresql", "DISABLE_SERVER_SIDE_CURSORS": True}
