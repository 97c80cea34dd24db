"""What Django puts together anew for each statement and what is the same each time, kept: half of what one costs.

The columns of a model and what reads them are the same in every query for whole rows. Whatever is more than that
(joined rows, annotations, chosen columns, unions) is left to Django. These are private parts of Django 5.2.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any

from django.db.backends.sqlite3.base import SQLiteCursorWrapper
from django.db.models import F
from django.db.models.expressions import Col, OrderBy
from django.db.models.sql.compiler import SQLCompiler

Converters = dict[int, tuple[list[Any], Any]]
# A kept column's mark is its id, which a copy of it does not have.
KEPT = "kept_as"

DJANGO: dict[str, Callable[..., Any]] = {
    name: getattr(SQLCompiler, name) for name in ("get_select", "_order_by_pairs", "get_converters")
}
_select, _pairs, _converters = DJANGO.values()
_question_marks = SQLiteCursorWrapper.convert_query
EVERYTHING = (frozenset[str](), True)


def _get_select(self: SQLCompiler, with_col_aliases: bool = False) -> Any:  # noqa: FBT001, FBT002 - Django's own
    if with_col_aliases or not _is_for_whole_rows(self.query):
        return _select(self, with_col_aliases)
    options = self.query.get_meta()
    kept = options.__dict__.setdefault("kept_columns", {})
    fields, columns = kept.get(self.connection.vendor, (None, ()))
    # A field that is added later makes another list of them.
    if fields is not options.concrete_fields:
        columns, _, _ = _select(self)
        for column, _, _ in columns:
            column.__dict__[KEPT] = id(column)
        kept[self.connection.vendor] = options.concrete_fields, columns
    return list(columns), {"model": self.query.model, "select_fields": list(range(len(columns)))}, {}


def _is_for_whole_rows(query: Any) -> bool:
    return (
        query.default_cols
        and query.selected is None
        and not (query.select_related or query.annotations or query.extra)
        and query.deferred_loading == EVERYTHING
        and query.model is not None
        and not query.get_meta().parents
        and query.get_initial_alias() == query.get_meta().db_table
    )


def _order_by_pairs(self: SQLCompiler) -> Iterable[Any]:
    """Django looks up what is ordered by among what is selected, and hashes all that; names are not found there."""
    selected = self.select
    if not selected or not _is_by_name(self.query) or any(alias for _, _, alias in selected):
        pairs: Iterable[Any] = _pairs(self)
        return pairs
    self.select = None
    try:
        return list(_pairs(self))
    finally:
        self.select = selected


def _is_by_name(query: Any) -> bool:
    if query.combinator or query.extra_order_by:
        return False
    meta = query.get_meta()
    return all(_is_name(field) for field in (*query.order_by, *(meta.ordering if meta else ())))


def _is_name(field: Any) -> bool:
    return isinstance(field, (str, F)) or (isinstance(field, OrderBy) and isinstance(field.expression, F))


def _get_converters(self: SQLCompiler, expressions: Sequence[Any]) -> Converters:
    """Kept for each connection, whose own functions some of them are."""
    kept: dict[Any, tuple[Sequence[Any], Converters]] = self.connection.__dict__.setdefault("kept_converters", {})
    key = tuple(map(id, expressions))
    if key in kept:
        return kept[key][1]
    found: Converters = _converters(self, expressions)
    if all(_is_kept(each) for each in expressions):
        # As long as the columns are held here, nothing else has their ids.
        kept[key] = list(expressions), found
    return found


def _is_kept(column: Any) -> bool:
    if type(column) is not Col:
        return False
    return column is column.target.__dict__.get("cached_col") or column.__dict__.get(KEPT) == id(column)


@lru_cache(maxsize=2048)
def _converted(query: str) -> str:
    return _question_marks(None, query)  # type: ignore[arg-type]


def _convert_query(self: SQLiteCursorWrapper, query: str, *, param_names: Any = None) -> str:
    return _converted(query) if param_names is None else _question_marks(self, query, param_names=param_names)


def install() -> None:
    """Put these in the place of Django's, for the rest of the process."""
    for name, ours in zip(DJANGO, (_get_select, _order_by_pairs, _get_converters), strict=True):
        setattr(SQLCompiler, name, ours)
    SQLiteCursorWrapper.convert_query = _convert_query  # type: ignore[method-assign]
