"""PostgreSQL's own guard over tenant-owned rows: a policy for each such table, put in place after every migration.

With PLATFORM_RLS, PostgreSQL itself shows and takes only rows of the scope that `platform_core.postgresql` tells it,
whatever SQL asks for them. The policies follow from the models' `scope_path`; without the setting they are taken away.
"""

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings
from django.db import connections, router
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model

from platform_core.postgresql import SETTING
from platform_core.scoping import Reached, Scoped

POLICY = "scope"
TOLD = f"current_setting('{SETTING}', true)"
# Each is asked once for a statement, not once for a row.
EVERY = f"(SELECT {TOLD} IN ('staff', 'system'))"
THESE = f"(SELECT CASE WHEN {TOLD} LIKE '{{%' THEN {TOLD}::uuid[] END)::uuid[]"
FOUND = """
SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity, obj_description(p.oid, 'pg_policy')
FROM pg_class c LEFT JOIN pg_policy p ON p.polrelid = c.oid AND p.polname = %s
WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace
"""
BYPASSES = "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
OWNS = "SELECT EXISTS (SELECT FROM pg_class WHERE relforcerowsecurity AND pg_has_role(relowner, 'USAGE'))"


def owned(using: str) -> Iterator[type[Model]]:
    """The models of this database whose rows belong to an organization."""
    for model in apps.get_models():
        if issubclass(model, (Scoped, Reached)) and model._meta.managed and router.allow_migrate_model(using, model):
            yield model


def condition(model: type[Model]) -> str:
    """Whether a row is in scope, as PostgreSQL reads it."""
    path: str = model.scope_path  # type: ignore[attr-defined]
    return f"{EVERY} OR {_belongs(model, path)}"


def _belongs(model: type[Model], path: str) -> str:
    name, _, rest = path.partition("__")
    options = model._meta
    field: Any = options.pk if name == "pk" else options.get_field(name)
    column = f'"{options.db_table}"."{field.column}"'
    if not rest:
        return f"{column} = ANY ({THESE})"
    parent: type[Model] = field.related_model
    table, key = parent._meta.db_table, parent._meta.pk.column
    return f'EXISTS (SELECT 1 FROM "{table}" WHERE "{table}"."{key}" = {column} AND {_belongs(parent, rest)})'  # noqa: S608


def _version(definition: str) -> str:
    return f"Mainstay {sha256(definition.encode()).hexdigest()[:16]}"


def _making(model: type[Model]) -> list[str]:
    table, definition = f'"{model._meta.db_table}"', condition(model)
    return [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
        f"DROP POLICY IF EXISTS {POLICY} ON {table}",
        f"CREATE POLICY {POLICY} ON {table} USING ({definition}) WITH CHECK ({definition})",
        f"COMMENT ON POLICY {POLICY} ON {table} IS '{_version(definition)}'",
    ]


def _removing(table: str) -> list[str]:
    return [
        f'DROP POLICY {POLICY} ON "{table}"',
        f'ALTER TABLE "{table}" NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY',
    ]


def statements(connection: BaseDatabaseWrapper) -> list[str]:
    """What the database lacks, or has too much of; nothing when all stands as it should."""
    with connection.cursor() as cursor:
        cursor.execute(FOUND, [POLICY])
        found = {table: (forced, version) for table, forced, version in cursor.fetchall()}
    models = {model._meta.db_table: model for model in owned(connection.alias) if settings.PLATFORM_RLS}
    wanted = {table: (True, _version(condition(model))) for table, model in models.items() if table in found}
    changed = [_making(models[table]) for table, as_is in wanted.items() if found[table] != as_is]
    surplus = [_removing(table) for table, (_, version) in found.items() if version and table not in wanted]
    return [statement for table in (*changed, *surplus) for statement in table]


def answers(connection: BaseDatabaseWrapper, question: str) -> bool:
    """What PostgreSQL says of the role that we are: whether it BYPASSES policies, or OWNS the tables."""
    with connection.cursor() as cursor:
        cursor.execute(question)
        return bool(cursor.fetchone()[0])


def install(sender: AppConfig, using: str, **kwargs: Any) -> None:
    """After each migration: a new model is guarded without anybody's doing."""
    connection = connections[using]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            for statement in statements(connection):
                cursor.execute(statement)
