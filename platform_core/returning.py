"""A change that tells what it left behind, in one statement on both databases: nobody can come between the two."""

from collections.abc import Iterable, Sequence
from typing import Any, cast

from django.db import connections
from django.db.models import Field, Model, QuerySet
from django.db.models.sql import Query, UpdateQuery


def update(rows: QuerySet[Any, Any], *columns: str, **changes: Any) -> list[tuple[Any, ...]]:
    """Change these rows; gives the named columns of each row as they are now, and nothing where no row fits."""
    model: type[Model] = rows.model
    connection = connections[rows.db]
    query = cast("UpdateQuery", rows.query.chain(UpdateQuery))
    query.add_update_values(changes)
    sql, parameters = query.get_compiler(rows.db).as_sql()
    fields = [cast("Field[Any, Any]", model._meta.get_field(column)) for column in columns]
    names = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
    with connection.cursor() as cursor:
        cursor.execute(f"{sql} RETURNING {names}", parameters)
        found = cursor.fetchall()
    return _as_objects(found, fields, rows.db)


def _as_objects(
    found: Iterable[Sequence[Any]], fields: "Sequence[Field[Any, Any]]", using: str
) -> list[tuple[Any, ...]]:
    """SQLite gives ids and times as text."""
    compiler = Query(fields[0].model).get_compiler(using)
    converters = compiler.get_converters([field.get_col(field.model._meta.db_table) for field in fields])
    return [tuple(row) for row in compiler.apply_converters(found, converters)]
