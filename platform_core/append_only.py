"""The database's own guard over the audit log: triggers, put in place after every migration, on both engines.

What an event tells never changes. A sealed event keeps its place and its hash. What it says of a person changes only
together with the digest that is kept of it. Events are deleted only below their chain's floor, which retention raises
to a signed checkpoint. Whoever may drop triggers can get past this: the chain then tells.
"""

from typing import Any

from django.apps import AppConfig
from django.db import connections, router
from django.db.backends.base.base import BaseDatabaseWrapper

from platform_core import sealing

EVENTS = "platform_core_auditevent"
CHAINS = "platform_core_auditchain"
REFUSED = "the audit log is append-only"
UPDATES, DELETES, TRUNCATES = "audit_event_update", "audit_event_delete", "audit_event_truncate"

_FACTS = (*sealing.FACTS, "created_at")
_PLACE = ("chain_id", "sequence", "hash")


def _changed(columns: tuple[str, ...], differs: str) -> str:
    return " OR ".join(f"OLD.{column} {differs} NEW.{column}" for column in columns)


def _update_refused(differs: str, digest: str) -> str:
    """When an UPDATE is refused. `differs` is the engine's word for it, `digest` says how a part's digest is read."""
    labels = [
        f"(OLD.{part}_label {differs} NEW.{part}_label AND {digest.format(part=part)} IS NULL)"
        for part in sealing.PERSONS
    ]
    parts = [
        *labels,
        f"(OLD.changes {differs} NEW.changes AND {digest.format(part=sealing.TARGET)} IS NULL)",
        f"(OLD.ip_address {differs} NEW.ip_address AND NEW.ip_address IS NOT NULL)",
        _changed(_PLACE, differs),
    ]
    return f"({_changed(_FACTS, differs)}) OR (OLD.sequence IS NOT NULL AND ({' OR '.join(parts)}))"


_DELETE_REFUSED = (
    f"OLD.sequence IS NULL OR OLD.sequence > (SELECT floor_sequence FROM {CHAINS} WHERE id = OLD.chain_id)"  # noqa: S608
)


def _sqlite() -> list[str]:
    refused = _update_refused("IS NOT", "json_extract(NEW.proofs, '$.{part}.digest')")
    trigger = "CREATE TRIGGER IF NOT EXISTS {name} BEFORE {when} ON {table} WHEN {refused} BEGIN {refuse}; END"
    refuse = f"SELECT RAISE(ABORT, '{REFUSED}')"
    conditions = {(UPDATES, "UPDATE"): refused, (DELETES, "DELETE"): _DELETE_REFUSED}
    return [
        trigger.format(name=name, when=when, table=EVENTS, refused=condition, refuse=refuse)
        for (name, when), condition in conditions.items()
    ]


def _postgresql() -> list[str]:
    refused = _update_refused("IS DISTINCT FROM", "NEW.proofs->'{part}'->'digest'")
    refuse = f"RAISE EXCEPTION '{REFUSED}' USING ERRCODE = 'integrity_constraint_violation';"
    function = (
        "CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $guard$ BEGIN {body} END $guard$"
    )
    trigger = "CREATE OR REPLACE TRIGGER {name} BEFORE {when} ON {table} FOR EACH {each} EXECUTE FUNCTION {name}()"
    bodies = {
        (UPDATES, "UPDATE", "ROW"): f"IF {refused} THEN {refuse} END IF; RETURN NEW;",
        (DELETES, "DELETE", "ROW"): f"IF {_DELETE_REFUSED} THEN {refuse} END IF; RETURN OLD;",
        (TRUNCATES, "TRUNCATE", "STATEMENT"): refuse,
    }
    statements = []
    for (name, when, each), body in bodies.items():
        statements.append(function.format(name=name, body=body))
        statements.append(trigger.format(name=name, when=when, each=each, table=EVENTS))
    return statements


def statements(vendor: str) -> list[str]:
    """What puts the triggers in place; running it again changes nothing."""
    return _postgresql() if vendor == "postgresql" else _sqlite()


def removal(connection: BaseDatabaseWrapper) -> list[str]:
    """What takes them away, for an emptied test database."""
    names = (UPDATES, DELETES, TRUNCATES) if connection.vendor == "postgresql" else (UPDATES, DELETES)
    on = f" ON {EVENTS}" if connection.vendor == "postgresql" else ""
    return [f"DROP TRIGGER IF EXISTS {name}{on}" for name in names]


def install(sender: AppConfig, using: str, **kwargs: Any) -> None:
    """After each migration of the database that holds the events."""
    if router.allow_migrate_model(using, sender.get_model("AuditEvent")):
        with connections[using].cursor() as cursor:
            for statement in statements(connections[using].vendor):
                cursor.execute(statement)
