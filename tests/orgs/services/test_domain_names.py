"""Which names can be an organization's own."""

import pytest

from orgs.services import domain_names
from platform_core.errors import InvalidInput


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("harbour.example", "harbour.example"),
        (" Harbour.EXAMPLE. ", "harbour.example"),
        ("mail.harbour.co.uk", "mail.harbour.co.uk"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("ann.github.io", "ann.github.io"),
        (f"{'a' * 63}.example", f"{'a' * 63}.example"),
    ],
)
def test_a_name_is_kept_in_one_form(given: str, kept: str) -> None:
    assert domain_names.checked(given) == kept


@pytest.mark.parametrize("given", ["co.uk", "gmail.com", "a..b", "ü" * 64 + ".example", "localhost", "1.2.3.4"])
def test_what_is_nobodys_own_is_refused(given: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        domain_names.checked(given)

    assert list(refused.value.details) == ["name"]
