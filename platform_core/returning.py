"""A change that tells what it left behind, in one statement on both databases: nobody can come between the two."""

from collections.abc import Iterable, Sequence
from typing import Any, cast

from django.db import connections
from django.db.models import Field, Model, QuerySet
from django.db.models.expressions import Expression
from django.db.models.sql import DeleteQuery, Query, UpdateQuery
from django.db.models.sql.compiler import SQLCompiler


def update(rows: QuerySet[Any, Any], *columns: str, **changes: Any) -> list[tuple[Any, ...]]:
    """Change these rows; gives the named columns of each row as they are now, and nothing where no row fits.

    A name may also be an annotation's. What it reads of other rows is as it was when the statement began: whoever must
    know it exactly locks first.
    """
    query = cast("UpdateQuery", rows.query.chain(UpdateQuery))
    query.add_update_values(changes)
    return _run(query, rows, columns)


def delete(rows: QuerySet[Any, Any], *columns: str) -> list[tuple[Any, ...]]:
    """Delete these rows, to which no other row points; gives the named columns and annotations of each."""
    return _run(rows.query.chain(DeleteQuery), rows, columns)


def _run(query: Query, rows: QuerySet[Any, Any], columns: Sequence[str]) -> list[tuple[Any, ...]]:
    annotated = rows.query.annotations
    named = [annotated.get(column) or _column(rows.model, column) for column in columns]
    # They are no part of what is changed.
    query.annotations = {}
    compiler = query.get_compiler(rows.db)
    sql, parameters = compiler.as_sql()
    told = [compiler.compile(expression) for expression in named]
    names = ", ".join(text for text, _ in told)
    with connections[rows.db].cursor() as cursor:
        cursor.execute(f"{sql} RETURNING {names}", [*parameters, *(value for _, values in told for value in values)])
        found = cursor.fetchall()
    return _as_objects(found, named, compiler)


def _column(model: type[Model], name: str) -> Expression:
    field = cast("Field[Any, Any]", model._meta.get_field(name))
    return cast("Expression", field.get_col(model._meta.db_table))


def _as_objects(
    found: Iterable[Sequence[Any]], named: list[Expression], compiler: SQLCompiler
) -> list[tuple[Any, ...]]:
    """SQLite gives ids and times as text."""
    return [tuple(row) for row in compiler.apply_converters(found, compiler.get_converters(named))]
