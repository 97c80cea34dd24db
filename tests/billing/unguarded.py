"""The ledger without its database's guard, within one test: DDL is undone with everything else."""

from django.db import connection

from billing.ledger_guard import ENTRIES, HELD, NAME, TRANSACTIONS


def ledger() -> None:
    """From here on the test's transaction may hold what no transaction may."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # A table with checks that wait cannot be altered.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        for name, table in ((NAME, ENTRIES), (HELD, TRANSACTIONS)):
            cursor.execute(f"DROP TRIGGER {name}{f' ON {table}' if connection.vendor == 'postgresql' else ''}")
