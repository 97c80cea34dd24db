"""The database's own guard over the ledger: at the end of a transaction, each fact it posted has entries that sum to
zero in each currency.

That entries are never changed is `platform_core.unchanging`'s. PostgreSQL looks by deferred constraint triggers. SQLite
has one check at a transaction's end, that of a foreign key: a fact is noted in a table of its own with a reference that
leads nowhere, and the note goes with the entry that makes it even.
"""

from collections.abc import Iterator
from typing import Any

from django.apps import AppConfig
from django.db import connections, router

from platform_core.postgresql import SETTING

TRANSACTIONS, ENTRIES, UNEVEN = "billing_ledgertransaction", "billing_ledgerentry", "billing_ledgeruneven"
NAME, HELD = "ledger_sums_to_zero", "ledger_holds_entries"
# Whatever the scope in force, all entries of the transaction count. An ordinary role sets it here, not on the function.
_FUNCTION = """
CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $guard$
DECLARE
    told text := coalesce(current_setting('{setting}', true), '');
    refused boolean;
BEGIN
    PERFORM set_config('{setting}', 'system', true);
    SELECT {condition} INTO refused;
    PERFORM set_config('{setting}', told, true);
    IF refused THEN
        RAISE EXCEPTION 'ledger transaction % {what}', {key} USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $guard$
"""
_TRIGGER = (
    "CREATE CONSTRAINT TRIGGER {name} AFTER INSERT ON {table} "
    "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION {name}()"
)
_PRESENT = "SELECT 1 FROM pg_trigger WHERE tgname = %s AND tgrelid = to_regclass(%s)"
_SUMS = "SELECT 1 FROM {entries} WHERE transaction_id = {key} GROUP BY currency HAVING SUM(amount_minor) <> 0"
_GUARDS = (
    (NAME, ENTRIES, "NEW.transaction_id", "does not sum to zero", f"EXISTS ({_SUMS})"),
    (
        HELD,
        TRANSACTIONS,
        "NEW.id",
        "has no entries",
        "NOT EXISTS (SELECT 1 FROM {entries} WHERE transaction_id = {key})",
    ),
)


def _sqlite() -> Iterator[str]:
    key = "NEW.transaction_id"
    sums = _SUMS.format(entries=ENTRIES, key=key)
    yield (
        f"CREATE TABLE IF NOT EXISTS {UNEVEN} (transaction_id TEXT PRIMARY KEY, even TEXT NOT NULL "
        f"REFERENCES {UNEVEN} (transaction_id) DEFERRABLE INITIALLY DEFERRED)"
    )
    for name in (NAME, HELD):
        yield f"DROP TRIGGER IF EXISTS {name}"
    yield f"CREATE TRIGGER {HELD} AFTER INSERT ON {TRANSACTIONS} BEGIN {_noted('NEW.id')}; END"
    forgotten = f"DELETE FROM {UNEVEN} WHERE transaction_id = {key}"  # noqa: S608 - names of ours
    noted = _noted(key, f"WHERE EXISTS ({sums})")
    yield f"CREATE TRIGGER {NAME} AFTER INSERT ON {ENTRIES} BEGIN {forgotten}; {noted}; END"


def _noted(key: str, where: str = "") -> str:
    return f"INSERT INTO {UNEVEN} (transaction_id, even) SELECT {key}, 'never' {where}"


def install(sender: AppConfig, using: str, **kwargs: Any) -> None:
    """After each migration of billing."""
    connection = connections[using]
    if not router.allow_migrate_model(using, sender.get_model("LedgerEntry")):
        return
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            _install_postgresql(cursor)
        else:
            for statement in _sqlite():
                cursor.execute(statement)


def _install_postgresql(cursor: Any) -> None:
    for name, table, key, what, condition in _GUARDS:
        asked = condition.format(entries=ENTRIES, key=key)
        cursor.execute(_FUNCTION.format(name=name, setting=SETTING, condition=asked, what=what, key=key))
        # PostgreSQL replaces no constraint trigger.
        cursor.execute(_PRESENT, [name, table])
        if cursor.fetchone() is None:
            cursor.execute(_TRIGGER.format(name=name, table=table))
