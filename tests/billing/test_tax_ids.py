"""How countries write the tax ids of businesses."""

import pytest

from billing.tax_ids import is_well_formed, normalized

GOOD = {
    "AT": "ATU12345678",
    "BE": "BE0123456789",
    "DE": "DE 123 456 789",
    "FR": "FR-AB123456789",
    "GR": "EL123456789",
    "IE": "IE1234567FA",
    "NL": "NL123456789B01",
    "GB": "GB 123 4567 89",
    "CH": "CHE-123.456.789 MWST",
    "NO": "123456789MVA",
    "US": "12-3456789",
    "AU": "51 824 753 556",
    "IN": "22AAAAA0000A1Z5",
    "KE": "P051234567X",
}
BAD = [
    ("DE", ""),
    ("DE", "123456789"),
    ("DE", "DE12345678"),
    ("DE", "FR12345678901"),
    ("GR", "GR123456789"),
    ("AT", "AT12345678"),
    ("FR", "FRIO123456789"),
    ("DE", "DE\u0661\u0662\u0663456789"),
    ("KE", "abc"),
    ("KE", "DROP TABLE"),
]


@pytest.mark.parametrize("country", GOOD)
def test_well_formed(country: str) -> None:
    assert is_well_formed(country, normalized(GOOD[country]))


@pytest.mark.parametrize(("country", "tax_id"), BAD)
def test_not_well_formed(country: str, tax_id: str) -> None:
    assert not is_well_formed(country, tax_id)
