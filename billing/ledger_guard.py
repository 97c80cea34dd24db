"""PostgreSQL's own guard over the ledger: at the end of a transaction, what it posted sums to zero in each currency.

That entries are never changed is `platform_core.unchanging`'s. SQLite has no check at a transaction's end: there the
service refuses, and `manage.py verify_ledger` looks again.
"""

from typing import Any

from django.apps import AppConfig
from django.db import connections, router

from platform_core.postgresql import SETTING

ENTRIES = "billing_ledgerentry"
NAME = "ledger_sums_to_zero"
# Whatever the scope in force, all entries of the transaction count. An ordinary role sets it here, not on the function.
_FUNCTION = f"""
CREATE OR REPLACE FUNCTION {NAME}() RETURNS trigger LANGUAGE plpgsql AS $guard$
DECLARE
    told text := coalesce(current_setting('{SETTING}', true), '');
    uneven boolean;
BEGIN
    PERFORM set_config('{SETTING}', 'system', true);
    SELECT EXISTS (
        SELECT 1 FROM {ENTRIES} WHERE transaction_id = NEW.transaction_id
        GROUP BY currency HAVING SUM(amount_minor) <> 0
    ) INTO uneven;
    PERFORM set_config('{SETTING}', told, true);
    IF uneven THEN
        RAISE EXCEPTION 'ledger transaction % does not sum to zero', NEW.transaction_id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $guard$
"""  # noqa: S608 - names of ours
_TRIGGER = f"""
CREATE CONSTRAINT TRIGGER {NAME} AFTER INSERT ON {ENTRIES}
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION {NAME}()
"""
_PRESENT = "SELECT 1 FROM pg_trigger WHERE tgname = %s AND tgrelid = to_regclass(%s)"


def install(sender: AppConfig, using: str, **kwargs: Any) -> None:
    """After each migration of billing."""
    connection = connections[using]
    if connection.vendor != "postgresql" or not router.allow_migrate_model(using, sender.get_model("LedgerEntry")):
        return
    with connection.cursor() as cursor:
        cursor.execute(_FUNCTION)
        # PostgreSQL replaces no constraint trigger.
        cursor.execute(_PRESENT, [NAME, ENTRIES])
        if cursor.fetchone() is None:
            cursor.execute(_TRIGGER)
