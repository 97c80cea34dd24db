"""Stripe's request format: form fields whose names spell out nesting, as in `items[0][price]`."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from billing.providers.sandbox.shapes import Json

PART = re.compile(r"\[([^\]]*)\]")


def decode(params: str | bytes | Mapping[str, Any] | None) -> Json:
    """A form body, or a mapping as the client library takes it, as nested dicts of strings (lists by position)."""
    if not params:
        return {}
    if isinstance(params, Mapping):
        return {name: _spelled(value) for name, value in params.items() if value is not None}
    text = params.decode() if isinstance(params, bytes) else params
    decoded: Json = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        _put(decoded, _parts(name), value)
    return decoded


def _parts(name: str) -> list[str]:
    head, bracket, _ = name.partition("[")
    return [head, *PART.findall(name[len(head) :])] if bracket else [name]


def _put(into: Json, parts: list[str], value: str) -> None:
    for part in parts[:-1]:
        nested = into.setdefault(part or str(len(into)), {})
        into = nested if isinstance(nested, dict) else {}
    into[parts[-1] or str(len(into))] = value


def _spelled(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _spelled(each) for name, each in value.items() if each is not None}
    if isinstance(value, (list, tuple)):
        return {str(position): _spelled(each) for position, each in enumerate(value)}
    return str(value).lower() if isinstance(value, bool) else str(value)
