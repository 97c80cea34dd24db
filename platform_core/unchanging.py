"""The database's own guard over rows that are written once: triggers, put in place after every migration.

A model that is `Unchanging` says which of its columns may change and whether a row may be deleted; the database
refuses the rest, whatever SQL asks for it.
"""

from collections.abc import Collection, Iterator
from typing import Any

from django.apps import AppConfig, apps
from django.db import connections, router
from django.db.backends.base.base import BaseDatabaseWrapper

from platform_core.models import Unchanging

FUNCTION = "unchanging_refused"
_RAISED = "'rows of ' || TG_TABLE_NAME || ' are append-only'"
_FUNCTION = (
    f"CREATE OR REPLACE FUNCTION {FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS $guard$ BEGIN "
    f"RAISE EXCEPTION USING MESSAGE = {_RAISED}, ERRCODE = 'integrity_constraint_violation'; END $guard$"
)


def guarded(using: str) -> Iterator[type[Unchanging]]:
    """The models of this database whose rows are written once."""
    for model in apps.get_models():
        if not issubclass(model, Unchanging) or not model._meta.managed or model._meta.proxy:
            continue
        if router.allow_migrate_model(using, model):
            yield model


def _kept(model: type[Unchanging]) -> list[str]:
    fields = model._meta.local_concrete_fields
    return [str(field.column) for field in fields if field.name not in model.may_change]


def _refused(model: type[Unchanging], differs: str) -> dict[str, str]:
    """What is refused, and when."""
    changed = " OR ".join(f'OLD."{column}" {differs} NEW."{column}"' for column in _kept(model))
    return {"UPDATE": changed} | ({} if model.may_be_deleted else {"DELETE": ""})


def _name(model: type[Unchanging], when: str) -> str:
    return f"{model._meta.db_table}_{when.lower()}"


def _sqlite(model: type[Unchanging]) -> Iterator[str]:
    table = model._meta.db_table
    for when, condition in _refused(model, "IS NOT").items():
        name = _name(model, when)
        yield f"DROP TRIGGER IF EXISTS {name}"
        yield (
            f'CREATE TRIGGER {name} BEFORE {when} ON "{table}" {f"WHEN {condition} " if condition else ""}'
            f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are append-only'); END"
        )


def _postgresql(model: type[Unchanging]) -> Iterator[str]:
    on = f'ON "{model._meta.db_table}" FOR EACH'
    for when, condition in _refused(model, "IS DISTINCT FROM").items():
        only = f"WHEN ({condition}) " if condition else ""
        yield (
            f"CREATE OR REPLACE TRIGGER {_name(model, when)} BEFORE {when} {on} ROW {only}EXECUTE FUNCTION {FUNCTION}()"
        )
    if not model.may_be_deleted:
        name = _name(model, "TRUNCATE")
        yield f"CREATE OR REPLACE TRIGGER {name} BEFORE TRUNCATE {on} STATEMENT EXECUTE FUNCTION {FUNCTION}()"


def statements(connection: BaseDatabaseWrapper, tables: Collection[str]) -> list[str]:
    """What puts the triggers of these tables in place; running it again changes nothing."""
    models = [model for model in guarded(connection.alias) if model._meta.db_table in tables]
    if connection.vendor != "postgresql":
        return [statement for model in models for statement in _sqlite(model)]
    return [_FUNCTION, *(statement for model in models for statement in _postgresql(model))] if models else []


def removal(connection: BaseDatabaseWrapper, tables: Collection[str]) -> list[str]:
    """What takes them away, for an emptied test database."""
    models = [model for model in guarded(connection.alias) if model._meta.db_table in tables]
    dropped = []
    for model in models:
        on = f' ON "{model._meta.db_table}"' if connection.vendor == "postgresql" else ""
        dropped += [f"DROP TRIGGER IF EXISTS {_name(model, when)}{on}" for when in ("UPDATE", "DELETE", "TRUNCATE")]
    return dropped


def install(sender: AppConfig, using: str, **kwargs: Any) -> None:
    """After each migration, for the tables that are there by then."""
    connection = connections[using]
    with connection.cursor() as cursor:
        for statement in statements(connection, connection.introspection.table_names(cursor)):
            cursor.execute(statement)
