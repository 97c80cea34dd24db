"""The database's own guard over tax rates: of a country, or a region, no two hold on one day.

SQLite lets one transaction write at a time. On PostgreSQL those that write rates of one place take turns, so that each
sees what the one before it stored; an exclusion constraint would need an extension that managed databases withhold.
"""

from typing import Any

from django.apps import AppConfig
from django.db import connections, router

RATES = "billing_taxrate"
NAME = "tax_rate_days_apart"
MESSAGE = "tax rates of one place overlap"
_OVERLAPS = (
    f"EXISTS (SELECT 1 FROM {RATES} known WHERE known.country = NEW.country AND known.region = NEW.region "  # noqa: S608 - names of ours
    "AND known.id <> NEW.id AND (NEW.ends_on IS NULL OR known.starts_on < NEW.ends_on) "
    "AND (known.ends_on IS NULL OR known.ends_on > NEW.starts_on))"
)
_FUNCTION = f"""
CREATE OR REPLACE FUNCTION {NAME}() RETURNS trigger LANGUAGE plpgsql AS $guard$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('{RATES}' || NEW.country || '/' || NEW.region, 0));
    IF {_OVERLAPS} THEN
        RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'exclusion_violation';
    END IF;
    RETURN NEW;
END $guard$
"""


def install(sender: AppConfig, using: str, **kwargs: Any) -> None:
    """After each migration of billing."""
    connection = connections[using]
    if not router.allow_migrate_model(using, sender.get_model("TaxRate")):
        return
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_FUNCTION)
            cursor.execute(
                f"CREATE OR REPLACE TRIGGER {NAME} BEFORE INSERT OR UPDATE ON {RATES} "
                f"FOR EACH ROW EXECUTE FUNCTION {NAME}()"
            )
            return
        for when in ("insert", "update"):
            cursor.execute(f"DROP TRIGGER IF EXISTS {NAME}_{when}")
            cursor.execute(
                f"CREATE TRIGGER {NAME}_{when} BEFORE {when} ON {RATES} WHEN {_OVERLAPS} "
                f"BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
            )
