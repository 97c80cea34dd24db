"""Reasons that staff give."""

import pytest

from identity.services import reasons
from platform_core.errors import InvalidInput


def test_needless_spaces_are_left_out() -> None:
    assert reasons.stated("  Ticket   4711: \n lost phone ") == "Ticket 4711: lost phone"


@pytest.mark.parametrize("reason", ["", "   ", "too few", "a        b", "x" * 501])
def test_one_that_says_nothing_or_too_much_is_refused(reason: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        reasons.stated(reason)

    assert list(refused.value.details) == ["reason"]
