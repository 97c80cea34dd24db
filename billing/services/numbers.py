"""Legal numbers: one after another within a legal entity, none left out and none twice.

A number is taken in the transaction that makes its document final: the entity's row is held until that ends.
"""

from typing import Literal

from django.conf import settings
from django.db.models import F

from billing import countries
from billing.models import LegalEntity
from platform_core import returning

Series = Literal["invoice", "credit_note"]


def legal_entity() -> LegalEntity:
    """The company that documents are issued by; made from INVOICE_ISSUER when the first one is."""
    found = LegalEntity.objects.filter(is_default=True).first()
    return found or _founded()


def _founded() -> LegalEntity:
    name, *address = settings.INVOICE_ISSUER.splitlines()
    values = {"name": name, "address": "\n".join(address), "country": _country_of(address)}
    prefixes = {"invoice_prefix": "INV-", "credit_note_prefix": "CN-"}
    return LegalEntity.objects.get_or_create(is_default=True, defaults={**values, **prefixes})[0]


def _country_of(address: list[str]) -> str:
    """The country that the last line ends with; empty where it names none, and then no tax is added."""
    last = address[-1] if address else ""
    return next((code for code, name in countries.NAMES.items() if last.endswith(name)), "")


def take(entity: LegalEntity, series: Series, count: int = 1) -> int:
    """The first of so many numbers in a row; whoever comes next waits for this transaction."""
    column = f"{series}_count"
    [(last,)] = returning.update(LegalEntity.objects.filter(pk=entity.pk), column, **{column: F(column) + count})
    return int(last) - count + 1


def written(entity: LegalEntity, series: Series, sequence: int) -> str:
    """A number as it stands on the document."""
    prefix: str = getattr(entity, f"{series}_prefix")
    return f"{prefix}{sequence:06d}"
