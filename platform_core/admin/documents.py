"""JSON as staff read it: labels and values, and what is long opens when somebody wants to read it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

Told = Callable[[str, Any], str]
# So many values are read at a glance.
AT_A_GLANCE = 6
# How a name ends whose number is told with its unit.
UNITS = ("_minor", "_nano")


def plain(_name: str, value: Any) -> str:
    """A value as it is; what says nothing is said to."""
    match value:
        case None | "":
            return "none"
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case _:
            return str(value)


def readable(document: Any, told: Told = plain, name: str = "") -> SafeString | str:
    """A document, or a part of one, as HTML."""
    if document in ({}, []):
        return plain(name, None)
    if not isinstance(document, (dict, list)):
        return told(name, document)
    shown = _table(document, told) if isinstance(document, dict) else _list(document, told, name)
    if _size(document) <= AT_A_GLANCE:
        return shown
    return format_html("<details class=document><summary>{}</summary>{}</details>", _summary(document), shown)


def _table(document: Mapping[str, Any], told: Told) -> SafeString:
    rows = ((_label(name), readable(value, told, name)) for name, value in document.items())
    return format_html("<dl class=document>{}</dl>", format_html_join("", "<dt>{}</dt><dd>{}</dd>", rows))


def _list(document: Sequence[Any], told: Told, name: str) -> SafeString:
    rows = ((readable(value, told, name),) for value in document)
    return format_html("<ol class=document>{}</ol>", format_html_join("", "<li>{}</li>", rows))


def _label(name: str) -> str:
    for unit in UNITS:
        name = name.removesuffix(unit)
    return name.replace("_", " ").capitalize()


def _summary(document: Any) -> str:
    """What it is called, where it says so itself; else how much of it there is."""
    said = document.get("description") or document.get("name") if isinstance(document, dict) else None
    return said if isinstance(said, str) else f"{_size(document):,} values"


def _size(document: Any) -> int:
    if not isinstance(document, (dict, list)):
        return 1
    return sum(map(_size, document.values() if isinstance(document, dict) else document))
