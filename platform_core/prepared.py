"""A query that every request asks, put into SQL once: building it anew costs more than the database's answer."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID, uuid4

from django.db import connections, models
from django.db.models.query import get_related_populators

M = TypeVar("M", bound=models.Model)
Key = UUID | str


@dataclass(frozen=True)
class _Compiled:
    """SQL, where each key goes, and what makes an object of the answer."""

    sql: str
    parameters: Sequence[Any]
    # Place among the parameters, which of the keys, and whether this database wants it without dashes.
    places: Sequence[tuple[int, int, bool]]
    compiler: Any
    converters: Any
    columns: slice
    attributes: Sequence[str]
    related: Sequence[Any]


def _forms(number: int, key: Key) -> Iterator[tuple[Key, tuple[int, bool]]]:
    """How a database may be given a key, and whether that is without dashes."""
    yield key, (number, False)
    if isinstance(key, UUID):
        yield key.hex, (number, True)


def _cursor(connection: Any) -> Any:
    """One whose statements PostgreSQL plans once: asked a few times, psycopg has them prepared.

    Not over a pooler that hands each transaction to another connection, nor where a scope goes before each statement.
    """
    if connection.vendor != "postgresql" or connection.settings_dict.get("DISABLE_SERVER_SIDE_CURSORS"):
        return connection.cursor()
    from django.db.backends.postgresql.base import ServerBindingCursor  # noqa: PLC0415 - needs PostgreSQL's driver

    # What `connection.cursor()` does, but for who puts the values in.
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    cursor = ServerBindingCursor(connection.connection)  # type: ignore[call-arg]  # as psycopg's own cursor
    return connection.make_debug_cursor(cursor) if connection.queries_logged else connection.make_cursor(cursor)


class Prepared(Generic[M]):
    """`build` makes the query from keys. It is called once for each database, with keys that stand for all others.

    Which rows it asks for must depend on nothing else: no scope, no moment, no setting.
    """

    def __init__(self, build: Callable[..., models.QuerySet[M]], using: str = "default") -> None:
        self._build = build
        self._using = using
        self._compiled: dict[str, _Compiled] = {}

    def first(self, *keys: Key) -> M | None:
        """The row that these keys name, or None."""
        connection = connections[self._using]
        compiled = self._compiled.get(connection.vendor) or self._compile(connection.vendor, keys)
        parameters = list(compiled.parameters)
        for place, number, is_hex in compiled.places:
            key = keys[number]
            parameters[place] = key.hex if is_hex and isinstance(key, UUID) else key
        with _cursor(connection) as cursor:
            cursor.execute(compiled.sql, parameters)
            row = cursor.fetchone()
        return None if row is None else self._object(compiled, row)

    def _compile(self, vendor: str, keys: Sequence[Key]) -> _Compiled:
        stand_ins = [uuid4() if isinstance(key, UUID) else str(uuid4()) for key in keys]
        compiler = self._build(*stand_ins).using(self._using)[:1].query.get_compiler(self._using)
        sql, parameters = compiler.as_sql()
        forms = {form: found for number, key in enumerate(stand_ins) for form, found in _forms(number, key)}
        places = [(place, *forms[value]) for place, value in enumerate(parameters) if value in forms]
        info, select = compiler.klass_info, compiler.select
        columns = slice(info["select_fields"][0], info["select_fields"][-1] + 1)
        compiled = _Compiled(
            sql,
            parameters,
            places,
            compiler,
            compiler.get_converters([column[0] for column in select[: compiler.col_count]]),
            columns,
            [column[0].target.attname for column in select[columns]],
            get_related_populators(info, select, self._using),  # type: ignore[call-arg]  # the stubs are of a later Django
        )
        self._compiled[vendor] = compiled
        return compiled

    def _object(self, compiled: _Compiled, row: Sequence[Any]) -> M:
        """What Django's own iteration over a query makes of a row."""
        if compiled.converters:
            (row,) = compiled.compiler.apply_converters([row], compiled.converters)
        model = compiled.compiler.klass_info["model"]
        found: M = model.from_db(self._using, compiled.attributes, row[compiled.columns])
        for populator in compiled.related:
            populator.populate(row, found)
        for name, column in (compiled.compiler.annotation_col_map or {}).items():
            setattr(found, name, row[column])
        return found
