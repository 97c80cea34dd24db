"""By what an event's object is read, and whose it is."""

from typing import Any

import pytest

from billing.providers.stripe.subjects import owner_of, subject_of

INVOICE = {"object": "invoice", "id": "in_1", "customer": "cus_1"}
PARENT = {"parent": {"subscription_details": {"subscription": "sub_1"}}}


@pytest.mark.parametrize(
    ("obj", "subject", "owner"),
    [
        (INVOICE | PARENT, "sub_1", "cus_1"),
        (INVOICE | {"metadata": {"subscription": "sub_2"}}, "sub_2", "cus_1"),
        (INVOICE, "in_1", "cus_1"),
        ({"object": "checkout.session", "id": "cs_1", "subscription": "sub_1", "customer": "cus_1"}, "sub_1", "cus_1"),
        ({"object": "checkout.session", "id": "cs_1", "customer": None}, "cs_1", "cs_1"),
        ({"object": "subscription", "id": "sub_1", "customer": {"id": "cus_1"}}, "sub_1", "cus_1"),
        ({"object": "customer", "id": "cus_1"}, "cus_1", "cus_1"),
        ({"object": "refund", "id": "re_1", "payment_intent": "pi_1", "charge": "ch_1"}, "re_1", "pi_1"),
        ({"object": "dispute", "id": "dp_1", "payment_intent": None, "charge": "ch_1"}, "dp_1", "ch_1"),
        ({"object": "discount", "id": "di_1", "subscription": "sub_1", "customer": "cus_1"}, "sub_1", "cus_1"),
        ({"object": "discount", "id": "di_1", "subscription": None, "customer": "cus_1"}, "di_1", "cus_1"),
        ({"object": "balance"}, "", ""),
    ],
)
def test_what_is_read_and_whose_it_is(obj: dict[str, Any], subject: str, owner: str) -> None:
    assert (subject_of(obj), owner_of(obj, {})) == (subject, owner)


def test_a_card_that_was_taken_away_is_still_its_customers() -> None:
    assert owner_of({"object": "payment_method", "id": "pm_1", "customer": None}, {"customer": "cus_1"}) == "cus_1"
