"""What is written down as JSON in the catalog: tiers of a price, entitlements of a plan. Checked at every write."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, ClassVar, Protocol

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Coalesce

MAX_TIERS = 50
MAX_ENTITLEMENTS = 100
# Far below what the product of two fits into, and far above any price.
LARGEST = 10**15
LONGEST = 200


@dataclass(frozen=True)
class Tier:
    """A step of a graduated or volume price: so much for each unit up to so many, and an amount once."""

    # None: without an end.
    up_to: int | None
    unit_price_nano: int = 0
    amount_minor: int = 0


@dataclass(frozen=True)
class Entitlement:
    """What a plan gives: something or not, a value, or so much of something in each span of time."""

    code: str
    kind: str
    # Of a static one.
    value: str = ""
    # Of a quota; None: without limit.
    limit: int | None = None
    enforcement: str = "hard"
    reset: str = "period"


KINDS = ("boolean", "static", "quota")
ENFORCEMENTS = ("soft", "hard")
RESETS = ("never", "day", "month", "period")


def _whole(value: Any, least: int = 0) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= LARGEST


def _rows(value: Any, most: int) -> list[dict[str, Any]]:
    if not isinstance(value, list) or len(value) > most or not all(isinstance(each, dict) for each in value):
        raise ValidationError(f"A list of at most {most} objects is wanted.")
    return value


def _fields(row: dict[str, Any], known: type, at: str) -> None:
    surplus = set(row) - set(known.__dataclass_fields__)  # type: ignore[attr-defined]
    if surplus:
        raise ValidationError(f"{at}: unknown {', '.join(sorted(surplus))}.")


def tiers_of(value: Any) -> tuple[Tier, ...]:
    """Tiers as they stand in JSON: each ends above the one before it, the last has no end, none is negative."""
    rows = _rows(value, MAX_TIERS)
    for number, row in enumerate(rows, start=1):
        _fields(row, Tier, f"Tier {number}")
        if not all(_whole(row.get(name, 0)) for name in ("unit_price_nano", "amount_minor")):
            raise ValidationError(f"Tier {number}: prices are whole numbers from 0 on.")
    ends: list[Any] = [row.get("up_to") for row in rows]
    bounded = [int(end) for end in ends[:-1] if _whole(end, 1)]
    if not ends or ends[-1] is not None or len(bounded) < len(ends) - 1:
        raise ValidationError("Each tier ends at a whole number of units, and the last one has no end.")
    if any(later <= earlier for earlier, later in pairwise(bounded)):
        raise ValidationError("Each tier ends above the one before it.")
    return tuple(Tier(**row) for row in rows)


def entitlements_of(value: Any) -> tuple[Entitlement, ...]:
    """Entitlements as they stand in JSON: each code once, each of a known kind."""
    rows = _rows(value, MAX_ENTITLEMENTS)
    for number, row in enumerate(rows, start=1):
        _fields(row, Entitlement, f"Entitlement {number}")
        _check_entitlement(row, f"Entitlement {number}")
    if len({row["code"] for row in rows}) < len(rows):
        raise ValidationError("Each entitlement is named once.")
    return tuple(Entitlement(**row) for row in rows)


def _check_entitlement(row: dict[str, Any], at: str) -> None:
    wanted = {
        "a code": _text(row.get("code")),
        "a kind": row.get("kind") in KINDS,
        "a value": _text(row.get("value")) if row.get("kind") == "static" else not row.get("value"),
        "a limit from 0 on": row.get("limit") is None or (row.get("kind") == "quota" and _whole(row["limit"])),
        "soft or hard": row.get("enforcement", "hard") in ENFORCEMENTS,
        f"one of {', '.join(RESETS)}": row.get("reset", "period") in RESETS,
    }
    missing = [name for name, holds in wanted.items() if not holds]
    if missing:
        raise ValidationError(f"{at}: {missing[0]} is wanted.")


def _text(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST


def names_of(value: Any) -> tuple[str, ...]:
    """A list of texts."""
    if not isinstance(value, list) or len(value) > MAX_ENTITLEMENTS or not all(_text(each) for each in value):
        raise ValidationError(f"A list of at most {MAX_ENTITLEMENTS} texts is wanted.")
    return tuple(value)


def as_json(rows: Iterable[Tier | Entitlement]) -> list[dict[str, Any]]:
    """The same as they are stored."""
    return [asdict(row) for row in rows]


class _Reader(Protocol):
    """Reads JSON, or raises ValidationError."""

    def __call__(self, value: Any) -> object: ...


class _Checked(models.JSONField):
    """JSON that is looked at whenever it is written, by whichever way."""

    # What it is read with, which refuses what it should not be.
    read: ClassVar[_Reader]

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        if value is not None:
            self.read(value)
        return super().get_db_prep_save(value, connection)

    def validate(self, value: Any, model_instance: Any) -> None:
        super().validate(value, model_instance)
        if value is not None:
            self.read(value)


class TiersField(_Checked):
    """Tiers of a price."""

    read = staticmethod(tiers_of)


class EntitlementsField(_Checked):
    """Entitlements of a plan."""

    read = staticmethod(entitlements_of)


class NamesField(_Checked):
    """Texts: features, or codes."""

    read = staticmethod(names_of)


class ArrayLength(models.Func):
    """How many elements a JSON array has; nothing for what is none."""

    output_field = models.IntegerField()

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return self.as_sql(compiler, connection, function="json_array_length", **extra)

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return self.as_sql(compiler, connection, function="jsonb_array_length", **extra)


def length(name: str) -> Coalesce:
    """How many elements a column's array has, 0 where there is none."""
    return Coalesce(ArrayLength(name), 0)
