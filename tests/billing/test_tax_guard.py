"""Of one place, no two tax rates hold on one day."""

from datetime import date
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from billing.models import TaxRate

FIRST, LAST = date(2026, 1, 1), date(2026, 7, 1)


def rate(starts_on: date, ends_on: date | None = None, **fields: Any) -> TaxRate:
    return TaxRate(country="DE", rate_ppm=190_000, starts_on=starts_on, ends_on=ends_on, **fields)


@pytest.mark.parametrize(
    ("starts_on", "ends_on"),
    [(FIRST, LAST), (date(2025, 1, 1), None), (date(2026, 6, 30), None), (date(2025, 1, 1), date(2026, 1, 2))],
)
def test_overlapping_days_are_refused_in_words_and_by_the_database(starts_on: date, ends_on: date | None) -> None:
    rate(FIRST, LAST).save()
    second = rate(starts_on, ends_on)

    with pytest.raises(ValidationError) as told:
        second.full_clean()
    with pytest.raises(IntegrityError), transaction.atomic():
        second.save(force_insert=True)

    assert "VAT DE 19% holds from 2026-01-01 to 2026-07-01." in str(told.value)
    assert TaxRate.objects.count() == 1


def test_one_after_the_other_and_elsewhere_are_let_in() -> None:
    for each in (rate(FIRST, LAST), rate(LAST), rate(date(2020, 1, 1), FIRST), rate(FIRST, region="BY")):
        each.full_clean()
        each.save()

    assert TaxRate.objects.count() == 4


def test_an_end_is_not_moved_into_what_follows() -> None:
    first = rate(FIRST, LAST)
    first.save()
    rate(LAST).save()

    first.ends_on = None
    with pytest.raises(ValidationError) as told:
        first.full_clean()
    with pytest.raises(IntegrityError), transaction.atomic():
        first.save()

    assert set(told.value.message_dict) == {"ends_on"}


def test_what_is_incomplete_is_told_by_its_own_field() -> None:
    with pytest.raises(ValidationError) as told:
        TaxRate(rate_ppm=1).full_clean()

    assert set(told.value.message_dict) == {"country", "starts_on"}
