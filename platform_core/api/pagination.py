"""Lists in pages: numbered ones, and ones that follow a cursor and stay right while rows are added."""

from collections.abc import Sequence
from typing import Any

from django.core import signing
from django.core.exceptions import FieldDoesNotExist, ImproperlyConfigured
from django.core.exceptions import ValidationError as ModelInvalid
from django.db.models import Field, Model, Q, QuerySet
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from platform_core.api.envelope import Page

DEFAULT_SIZE = 25
LARGEST_SIZE = 100
# Behind so many rows it costs a database less to find a page's keys first, and to read whole rows by them.
FAR_ROWS = 1_000
CURSOR_SALT = "platform_core.api.cursor"


def _number(request: Request, name: str, default: int, largest: int) -> int:
    """A whole number from 1 to `largest` in the query; anything else is a 400 naming it."""
    given = request.query_params.get(name)
    if given is None:
        return default
    if not (given.isascii() and given.isdigit() and len(given) < 10 and 1 <= int(given) <= largest):  # noqa: PLR2004
        raise ValidationError({name: [f"A whole number from 1 to {largest} is wanted."]})
    return int(given)


def _ordering(queryset: QuerySet[Any]) -> list[str]:
    """The queryset's order with the key as the last word, so that no two rows are ever level."""
    order: Sequence[Any] = queryset.query.order_by or queryset.model._meta.ordering or ()
    if not all(isinstance(name, str) for name in order):
        raise ImproperlyConfigured("A list in pages is ordered by the names of columns.")
    names = [str(name) for name in order]
    return names if names and names[-1].lstrip("-") in {"pk", "id"} else [*names, "pk"]


def _part(ordered: QuerySet[Any], start: int, size: int) -> QuerySet[Any]:
    """Those rows of the list, in its order."""
    part = ordered[start : start + size]
    if start < FAR_ROWS:
        return part
    return ordered.filter(pk__in=list(part.prefetch_related(None).values_list("pk", flat=True)))


def _integer(description: str) -> dict[str, Any]:
    return {"type": "integer", "minimum": 1, "description": description}


def _parameter(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema}


class OffsetPage(BasePagination):
    """`?page&pageSize`, with the total."""

    parameters: tuple[str, ...] = ("page", "pageSize")
    page_size = DEFAULT_SIZE
    meta_schema = {
        "type": "object",
        "required": ["page", "pageSize", "total"],
        "properties": {"page": {"type": "integer"}, "pageSize": {"type": "integer"}, "total": {"type": "integer"}},
    }

    def paginate_queryset(self, queryset: Any, request: Request, view: APIView | None = None) -> list[Any]:
        size = _number(request, "pageSize", self.page_size, LARGEST_SIZE)
        total = queryset.count()
        last = max(1, -(-total // size))
        page = _number(request, "page", 1, last)
        self.meta = {"page": page, "pageSize": size, "total": total}
        ordered = queryset.order_by(*_ordering(queryset))
        # A search that nothing matches may have read everything to find that out: it does not read it again.
        return self.rows(_part(ordered, (page - 1) * size, size)) if total else []

    def rows(self, found: QuerySet[Any]) -> list[Any]:
        """The page's rows. A busy list asks for bare columns here, after the counting, which needs none of them."""
        return list(found)

    def get_paginated_response(self, data: Any) -> Response:
        return Response(Page(data, self.meta))

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        return [
            _parameter("page", _integer("Number of the page, from 1.")),
            _parameter("pageSize", {**_integer("Rows on a page."), "maximum": LARGEST_SIZE, "default": self.page_size}),
        ]


class WholePage(OffsetPage):
    """A list that is short by its nature: all of it on one page."""

    parameters = ()

    def paginate_queryset(self, queryset: Any, request: Request, view: APIView | None = None) -> list[Any]:
        found = list(queryset)
        self.meta = {"page": 1, "pageSize": max(self.page_size, len(found)), "total": len(found)}
        return found

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        return []


class CursorPage(BasePagination):
    """`?cursor&limit`: each page begins after the last row of the one before, whatever was added meanwhile."""

    parameters = ("cursor", "limit")
    page_size = DEFAULT_SIZE
    meta_schema = {
        "type": "object",
        "required": ["nextCursor"],
        "properties": {"nextCursor": {"type": ["string", "null"]}},
    }

    def paginate_queryset(self, queryset: Any, request: Request, view: APIView | None = None) -> list[Any]:
        limit = _number(request, "limit", self.page_size, LARGEST_SIZE)
        keys = _Keys(queryset)
        cursor = request.query_params.get("cursor")
        if cursor is not None:
            queryset = queryset.filter(keys.after(cursor))
        rows = list(queryset.order_by(*keys.names)[: limit + 1])
        more = len(rows) > limit
        del rows[limit:]
        self.meta = {"nextCursor": keys.cursor_of(rows[-1]) if more else None}
        return rows

    def get_paginated_response(self, data: Any) -> Response:
        return Response(Page(data, self.meta))

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        return [
            _parameter("cursor", {"type": "string", "description": "`nextCursor` of the page before."}),
            _parameter("limit", {**_integer("Rows on a page."), "maximum": LARGEST_SIZE, "default": self.page_size}),
        ]


class SearchPage(CursorPage):
    """Of a search that no index answers: a page looks through so many rows and no more. It may come short, or empty,
    while there is a `nextCursor`: then there is more to look through.
    """

    def __init__(self, unsearched: QuerySet[Any], looked_through: int) -> None:
        self.unsearched = unsearched
        self.looked_through = looked_through

    def paginate_queryset(self, queryset: Any, request: Request, view: APIView | None = None) -> list[Any]:
        keys = _Keys(queryset)
        ahead = self.unsearched.order_by(*keys.names)
        cursor = request.query_params.get("cursor")
        if cursor is not None:
            ahead = ahead.filter(keys.after(cursor))
        edge = ahead[self.looked_through - 1 : self.looked_through].first()
        if edge is not None:
            queryset = queryset.exclude(keys.after(keys.cursor_of(edge)))
            # Implied, and it keeps the index from being read on to its end.
            name = keys.names[0]
            bound = _compared(name, "gte", "lte")
            queryset = queryset.filter(**{bound: getattr(edge, name.lstrip("-"))})
        rows = super().paginate_queryset(queryset, request, view)
        if edge is not None and self.meta["nextCursor"] is None:
            self.meta = {"nextCursor": keys.cursor_of(edge)}
        return rows


class _Keys:
    """The columns that a cursor follows, and the cursor: the signed values of the last row's."""

    def __init__(self, queryset: QuerySet[Any]) -> None:
        self.names = _ordering(queryset)
        self.columns = [_column(queryset.model, name.lstrip("-")) for name in self.names]
        # A cursor fits only the list it came from.
        self.signer = signing.Signer(salt=":".join([CURSOR_SALT, queryset.model._meta.label, *self.names]))

    def cursor_of(self, row: Model) -> str:
        return self.signer.sign_object([column.value_to_string(row) for column in self.columns])

    def after(self, cursor: str) -> Q:
        """Rows later in the first column, or level there and later in the next, and so on."""
        condition, level = Q(), Q()
        places = list(zip(self.names, self._values(cursor), strict=True))
        for name, value in places:
            condition |= level & Q(**{_compared(name, "lt", "gt"): value})
            level &= Q(**{name.lstrip("-"): value})
        # Implied, and it lets an index begin where the page does, however deep that is.
        first, value = places[0]
        return Q(**{_compared(first, "lte", "gte"): value}) & condition

    def _values(self, cursor: str) -> list[Any]:
        try:
            texts = self.signer.unsign_object(cursor)
            return [column.to_python(text) for column, text in zip(self.columns, texts, strict=True)]
        except (signing.BadSignature, ModelInvalid, ValueError) as error:
            raise ValidationError({"cursor": ["This cursor is not one of this list."]}) from error


def _compared(name: str, falling: str, rising: str) -> str:
    return f"{name.lstrip('-')}__{falling if name.startswith('-') else rising}"


def _column(model: type[Model], name: str) -> "Field[Any, Any]":
    try:
        field = model._meta.pk if name == "pk" else model._meta.get_field(name)
    except FieldDoesNotExist as error:
        raise ImproperlyConfigured(f"A cursor follows columns of {model.__name__} itself, not {name}.") from error
    if not isinstance(field, Field) or field.null:
        raise ImproperlyConfigured(f"A cursor cannot follow {name}: it must be a column that is never null.")
    return field
