"""Legal numbers."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from billing.models import Invoice, LegalEntity
from billing.services import numbers
from tests import make


def test_the_first_document_makes_the_legal_entity(settings: Any) -> None:
    settings.INVOICE_ISSUER = "Harbour Ltd\n1 Quay\nBergen, Norway"

    entity = numbers.legal_entity()

    assert (entity.name, entity.address, entity.country) == ("Harbour Ltd", "1 Quay\nBergen, Norway", "NO")
    assert numbers.legal_entity() == LegalEntity.objects.get()


@pytest.mark.parametrize("issuer", ["Harbour Ltd", "Harbour Ltd\nNowhere at all"])
def test_an_address_without_a_country_adds_no_tax(settings: Any, issuer: str) -> None:
    settings.INVOICE_ISSUER = issuer

    assert numbers.legal_entity().country == ""


def test_each_series_counts_for_itself() -> None:
    entity = numbers.legal_entity()

    assert [numbers.take(entity, "invoice"), numbers.take(entity, "invoice", 3), numbers.take(entity, "invoice")] == [
        1,
        2,
        5,
    ]
    assert numbers.take(entity, "credit_note") == 1
    assert numbers.written(entity, "invoice", 5) == "INV-000005"
    assert numbers.written(entity, "credit_note", 1_234_567) == "CN-1234567"


def test_what_is_rolled_back_was_never_given() -> None:
    entity = numbers.legal_entity()
    with transaction.atomic():
        assert numbers.take(entity, "invoice") == 1
        transaction.set_rollback(True)

    assert numbers.take(entity, "invoice") == 1


def test_the_database_takes_no_final_invoice_without_a_number_and_no_draft_with_one() -> None:
    final, draft = make.invoice(), make.draft()

    for row, changes in (
        (final, {"sequence": None}),
        (final, {"legal_entity": None}),
        (draft, {"sequence": 9}),
        (draft, {"number": "INV-000009"}),
        (draft, {"status": "open"}),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Invoice.objects.filter(pk=row.pk).update(**changes)


def test_the_database_takes_no_number_twice() -> None:
    one, other = make.invoice(), make.invoice()

    with pytest.raises(IntegrityError), transaction.atomic():
        Invoice.objects.filter(pk=other.pk).update(sequence=one.sequence)
