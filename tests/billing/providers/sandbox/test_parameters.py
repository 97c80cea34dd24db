"""How parameters are written, read and refused."""

from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stripe._encode import _api_encode

from billing.providers.sandbox.encoding import decode
from billing.providers.sandbox.errors import Invalid
from billing.providers.sandbox.parameters import (
    Boolean,
    Choice,
    Currency,
    Group,
    Integer,
    Kind,
    Many,
    Metadata,
    Required,
    Text,
    Url,
    merged,
    read,
)

names = st.text(st.characters(categories=["L", "N"], include_characters="_"), min_size=1, max_size=8)
# The library spells a boolean within a list as Python does; nobody sends one.
leaves = st.text(max_size=8) | st.integers()
nested = st.recursive(
    leaves,
    lambda inner: st.lists(inner, min_size=1, max_size=3) | st.dictionaries(names, inner, min_size=1, max_size=3),
)


class TestEncoding:
    def test_nesting_is_spelled_out_in_names(self) -> None:
        body = (
            "mode=subscription&line_items[0][price]=price_1&line_items[1][price]=price_2&metadata[a%20b]=c%26d&empty="
        )

        assert decode(body) == {
            "mode": "subscription",
            "line_items": {"0": {"price": "price_1"}, "1": {"price": "price_2"}},
            "metadata": {"a b": "c&d"},
            "empty": "",
        }

    def test_lists_may_leave_their_positions_out(self) -> None:
        assert decode(b"expand[]=a&expand[]=b") == {"expand": {"0": "a", "1": "b"}}

    def test_nothing_is_nothing(self) -> None:
        assert decode("") == decode(None) == {}

    def test_a_name_cannot_be_both_a_value_and_an_object(self) -> None:
        assert decode("a=1&a[b]=2") == {"a": "1"}

    @given(params=st.dictionaries(names, nested, max_size=4))
    def test_the_librarys_own_encoding_is_read_back(self, params: dict[str, Any]) -> None:
        assert decode(urlencode(list(_api_encode(params)))) == decode(params)


@pytest.mark.parametrize(
    ("kind", "raw", "value"),
    [
        (Text(), "x", "x"),
        (Text(clearable=True), "", None),
        (Integer(), "-12", -12),
        (Boolean(), "true", True),
        (Boolean(), "false", False),
        (Choice(("a", "b")), "b", "b"),
        (Choice(("a",), clearable=True), "", None),
        (Currency(), "USD", "usd"),
        (Url(), "https://x.test/a?b={C}", "https://x.test/a?b={C}"),
        (Metadata(), "", None),
        (Group({"a": Text()}, clearable=True), "", None),
        (Many(Integer()), {"1": "20", "0": "10"}, [10, 20]),
        (Required(Integer()), "3", 3),
    ],
)
def test_good_values(kind: Kind, raw: Any, value: Any) -> None:
    assert read({"it": kind}, {"it": raw}) == {"it": value}


@pytest.mark.parametrize(
    ("kind", "raw", "code"),
    [
        (Text(), "", "parameter_invalid_empty"),
        (Text(longest=2), "abc", None),
        (Text(), {"a": "b"}, None),
        (Integer(), "one", "parameter_invalid_integer"),
        (Integer(), "", "parameter_invalid_integer"),
        (Integer(at_least=1), "0", "parameter_invalid_integer"),
        (Integer(at_most=1), "2", "parameter_invalid_integer"),
        (Boolean(), "yes", None),
        (Choice(("a",)), "b", None),
        (Choice(("a",)), "", None),
        (Currency(), "dollars", None),
        (Url(), "javascript:alert(1)", "url_invalid"),
        (Metadata(), "text", None),
        (Metadata(), {"a": {"b": "c"}}, None),
        (Group({}), "", None),
        (Many(Text()), "x", None),
        (Many(Text()), {"a": "x"}, None),
        (Many(Text(), longest=1), {"0": "x", "1": "y"}, None),
    ],
)
def test_bad_values(kind: Kind, raw: Any, code: str | None) -> None:
    with pytest.raises(Invalid) as refused:
        read({"it": kind}, {"it": raw})

    assert refused.value.error["code"] == code
    assert str(refused.value.error["param"]).startswith("it")


def test_nested_names_are_given_in_full() -> None:
    schema = {"items": Many(Group({"price": Required(Text())}))}

    with pytest.raises(Invalid) as missing:
        read(schema, {"items": {"0": {"price": "p"}, "1": {}}})
    with pytest.raises(Invalid) as unknown:
        read(schema, {"items": {"0": {"price": "p", "colour": "x"}}})

    assert missing.value.error["param"] == "items[1][price]"
    assert unknown.value.error["param"] == "items[0][colour]"


def test_metadata_rules() -> None:
    assert merged({"a": "1"}, {"b": "2", "a": ""}) == {"b": "2"}
    assert merged({"a": "1"}, None) == {}
