"""By what an event's object is read, and whose it is."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.providers.stripe.signatures import event_of
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


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.just("x" * 200),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["id", "subscription_details", "subscription", "customer"]), inner, max_size=2
        )
    ),
    max_leaves=4,
)


@given(
    st.sampled_from(["invoice", "checkout.session", "discount", "charge", None]),
    st.fixed_dictionaries(
        {}, optional=dict.fromkeys(("customer", "subscription", "parent", "metadata", "charge"), ODD)
    ),
    ODD,
)
def test_whatever_the_object_holds_it_is_named_by_text_that_fits(
    kind: Any, fields: dict[str, Any], previous: Any
) -> None:
    """Whoever knows the secret may send nonsense."""
    data = {"object": {"id": "ch_1", "object": kind, **fields}, "previous_attributes": previous}
    event = event_of({"id": "evt_1", "type": "charge.updated", "created": 0, "livemode": False, "data": data})

    for found in (event.object_id, event.subject_id, event.owner_id):
        assert isinstance(found, str)
        assert 0 < len(found) <= 120


def test_a_card_that_was_taken_away_is_still_its_customers() -> None:
    assert owner_of({"object": "payment_method", "id": "pm_1", "customer": None}, {"customer": "cus_1"}) == "cus_1"
