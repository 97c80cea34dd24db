"""What a request may carry: kinds of parameter, each with the refusal that Stripe gives for a bad one.

A schema maps names to kinds. What a schema does not name is refused, also where the real Stripe would take it: a
parameter that the sandbox accepted and ignored would be a lie.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from billing.providers.sandbox.errors import Invalid
from billing.providers.sandbox.shapes import Json

INTEGER = re.compile(r"-?\d{1,15}")
METADATA_KEYS, METADATA_KEY_LENGTH, METADATA_VALUE_LENGTH = 50, 40, 500


class Kind(ABC):
    """Reads one raw value, or refuses it by its full name."""

    @abstractmethod
    def read(self, raw: Any, name: str) -> Any:
        """The value."""


Schema = Mapping[str, Kind]


def read(schema: Schema, raw: Json, within: str = "") -> Json:
    """Check every parameter of a request, or of a nested object of it."""
    for name in raw:
        if name not in schema:
            raise Invalid(
                f"Received unknown parameter: {_full(name, within)}. (The sandbox refuses what it does not act on.)",
                code="parameter_unknown",
                param=_full(name, within),
            )
    for name, kind in schema.items():
        if isinstance(kind, Required) and name not in raw:
            full = _full(name, within)
            raise Invalid(f"Missing required param: {full}.", code="parameter_missing", param=full)
    return {name: schema[name].read(value, _full(name, within)) for name, value in raw.items()}


def _full(name: str, within: str) -> str:
    return f"{within}[{name}]" if within else name


def _string(raw: Any, name: str) -> str:
    if isinstance(raw, str):
        return raw
    raise Invalid(f"Invalid string: {raw}", param=name)


def _mapping(raw: Any, name: str, wanted: str) -> Json:
    if isinstance(raw, dict):
        return raw
    raise Invalid(f"Invalid {wanted}", param=name)


@dataclass(frozen=True)
class Required(Kind):
    """A parameter that must be there."""

    kind: Kind

    def read(self, raw: Any, name: str) -> Any:
        return self.kind.read(raw, name)


@dataclass(frozen=True)
class Text(Kind):
    """A string. An empty one unsets the field where that is allowed."""

    clearable: bool = False
    longest: int = 5000

    def read(self, raw: Any, name: str) -> str | None:
        value = _string(raw, name)
        if not value and not self.clearable:
            raise Invalid(
                f"You passed an empty string for '{name}'. We assume empty values are an attempt to unset a "
                f"parameter; however '{name}' cannot be unset. You should remove '{name}' from your request or "
                "supply a non-empty value.",
                code="parameter_invalid_empty",
                param=name,
            )
        if len(value) > self.longest:
            raise Invalid(f"Invalid string: must be at most {self.longest} characters", param=name)
        return value or None


@dataclass(frozen=True)
class Email(Kind):
    """An email address."""

    def read(self, raw: Any, name: str) -> str | None:
        value = _string(raw, name)
        if value and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+|[^@\s]+@localhost", value):
            raise Invalid(f"Invalid email address: {value}", code="email_invalid", param=name)
        return value or None


@dataclass(frozen=True)
class Integer(Kind):
    """A whole number."""

    at_least: int | None = None
    at_most: int | None = None

    def read(self, raw: Any, name: str) -> int:
        if not INTEGER.fullmatch(_string(raw, name)):
            raise Invalid(f"Invalid integer: {raw}", code="parameter_invalid_integer", param=name)
        value = int(raw)
        if self.at_least is not None and value < self.at_least:
            raise Invalid(
                f"This value must be greater than or equal to {self.at_least}.",
                code="parameter_invalid_integer",
                param=name,
            )
        if self.at_most is not None and value > self.at_most:
            raise Invalid(
                f"This value must be less than or equal to {self.at_most}.",
                code="parameter_invalid_integer",
                param=name,
            )
        return value


@dataclass(frozen=True)
class Decimal(Kind):
    """A number of at most 12 decimals, not below 0, as text."""

    def read(self, raw: Any, name: str) -> str:
        value = _string(raw, name)
        if not re.fullmatch(r"\d{1,12}(\.\d{1,12})?", value):
            raise Invalid(f"Invalid decimal: {raw}", code="parameter_invalid_integer", param=name)
        return value


@dataclass(frozen=True)
class UpTo(Kind):
    """Where a tier ends; `inf` where it does not."""

    def read(self, raw: Any, name: str) -> int | None:
        return None if raw == "inf" else Integer(at_least=1).read(raw, name)


@dataclass(frozen=True)
class Now(Kind):
    """A moment, or `now`."""

    def read(self, raw: Any, name: str) -> int | str:
        return "now" if raw == "now" else Integer().read(raw, name)


@dataclass(frozen=True)
class Boolean(Kind):
    """true or false."""

    def read(self, raw: Any, name: str) -> bool:
        if raw not in ("true", "false"):
            raise Invalid(f"Invalid boolean: {raw}", param=name)
        return bool(raw == "true")


@dataclass(frozen=True)
class Choice(Kind):
    """One of the words that the sandbox acts on."""

    values: tuple[str, ...]
    clearable: bool = False

    def read(self, raw: Any, name: str) -> str | None:
        if raw == "" and self.clearable:
            return None
        if raw not in self.values:
            raise Invalid(f"Invalid {name}: must be one of {', '.join(self.values)} (in the sandbox)", param=name)
        return str(raw)


@dataclass(frozen=True)
class Currency(Kind):
    """A three-letter code, in lower case."""

    def read(self, raw: Any, name: str) -> str:
        value = _string(raw, name).lower()
        if not re.fullmatch(r"[a-z]{3}", value):
            raise Invalid(f"Invalid currency: {value}.", param=name)
        return value


@dataclass(frozen=True)
class Url(Kind):
    """An address of the web."""

    def read(self, raw: Any, name: str) -> str:
        value = _string(raw, name)
        if not re.match(r"https?://[^/\s]+", value):
            raise Invalid("Not a valid URL", code="url_invalid", param=name)
        return value


@dataclass(frozen=True)
class Metadata(Kind):
    """Key-value pairs. None: unset them all; an empty value unsets its key."""

    def read(self, raw: Any, name: str) -> dict[str, str] | None:
        if raw == "":
            return None
        pairs = _mapping(raw, name, "object")
        if len(pairs) > METADATA_KEYS:
            raise Invalid(f"Metadata can have at most {METADATA_KEYS} keys.", param=name)
        for key, value in pairs.items():
            if len(key) > METADATA_KEY_LENGTH:
                raise Invalid(f"Metadata keys can have up to {METADATA_KEY_LENGTH} characters: '{key}'", param=name)
            if len(_string(value, f"{name}[{key}]")) > METADATA_VALUE_LENGTH:
                raise Invalid(f"Metadata values can have up to {METADATA_VALUE_LENGTH} characters: '{key}'", param=name)
        return dict(pairs)


@dataclass(frozen=True)
class Group(Kind):
    """A nested object. None where an empty string unset it."""

    fields: Schema
    clearable: bool = False

    def read(self, raw: Any, name: str) -> Json | None:
        if raw == "" and self.clearable:
            return None
        return read(self.fields, _mapping(raw, name, "object"), name)


@dataclass(frozen=True)
class Many(Kind):
    """A list."""

    of: Kind
    longest: int = field(default=250)

    def read(self, raw: Any, name: str) -> list[Any]:
        entries = _mapping(raw, name, "array")
        if len(entries) > self.longest or not all(position.isdigit() for position in entries):
            raise Invalid("Invalid array", param=name)
        ordered = sorted(entries.items(), key=lambda entry: int(entry[0]))
        return [self.of.read(value, f"{name}[{position}]") for position, value in ordered]


@dataclass(frozen=True)
class Moments(Kind):
    """A moment, or a range of them, as lists are narrowed by: {"gte": …, "lt": …}."""

    def read(self, raw: Any, name: str) -> Json:
        if isinstance(raw, str):
            return {"exact": Integer().read(raw, name)}
        bounds = {bound: Integer() for bound in ("gt", "gte", "lt", "lte")}
        return read(bounds, _mapping(raw, name, "object"), name)


EXPAND: Schema = {"expand": Many(Text(), longest=20)}
PLAIN_PAGE: Schema = {
    "limit": Integer(at_least=1, at_most=100),
    "starting_after": Text(),
    "ending_before": Text(),
    **EXPAND,
}
PAGE: Schema = {**PLAIN_PAGE, "created": Moments()}


def merged(metadata: dict[str, str], changes: dict[str, str] | None) -> dict[str, str]:
    """Stripe's rule for metadata: given keys are set, empty values unset, None unsets everything."""
    if changes is None:
        return {}
    return {key: value for key, value in {**metadata, **changes}.items() if value}
