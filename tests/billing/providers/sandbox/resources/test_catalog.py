"""Products and prices."""

from typing import Any

import pytest
import stripe

from tests.billing.providers.sandbox import shop


class TestProducts:
    def test_may_have_an_id_of_ours_once(self) -> None:
        api = shop.client().v1
        made = api.products.create({"id": "hosting", "name": "Hosting", "metadata": {"code": "hosting"}})

        assert (made.id, made.active, shop.plain(made)["metadata"]) == ("hosting", True, {"code": "hosting"})
        with pytest.raises(stripe.InvalidRequestError) as refused:
            api.products.create({"id": "hosting", "name": "Other"})
        assert refused.value.code == "resource_already_exists"

    def test_change(self) -> None:
        api = shop.client().v1
        price = shop.price()

        changed = api.products.update(
            str(price.product), {"name": "Renamed", "default_price": price.id, "metadata": {"a": "b"}, "url": ""}
        )

        assert (changed.name, changed.default_price, changed.url) == ("Renamed", price.id, None)
        assert api.products.retrieve(str(price.product)).name == "Renamed"
        with pytest.raises(stripe.InvalidRequestError, match="No such price"):
            api.products.update(str(price.product), {"default_price": "price_none"})

    def test_are_listed(self) -> None:
        api = shop.client().v1
        active, gone = shop.product("Pages"), shop.product("Alerts")
        api.products.update(gone.id, {"active": False})

        assert [found.id for found in api.products.list({"active": True}).data] == [active.id]
        assert [found.id for found in api.products.list({"active": False}).data] == [gone.id]
        assert [found.id for found in api.products.list({"ids": [gone.id]}).data] == [gone.id]

    def test_go_only_while_they_have_no_price(self) -> None:
        api = shop.client().v1
        empty, sold = shop.product(), str(shop.price().product)

        assert api.products.delete(empty.id).deleted is True
        with pytest.raises(stripe.InvalidRequestError, match="No such product"):
            api.products.retrieve(empty.id)
        with pytest.raises(stripe.InvalidRequestError, match="cannot be deleted"):
            api.products.delete(sold)

    def test_have_no_features(self) -> None:
        api = shop.client().v1

        assert api.products.features.list(shop.product().id).data == []
        with pytest.raises(stripe.InvalidRequestError, match="No such product"):
            api.products.features.list("prod_none")


class TestPrices:
    def test_are_found_by_lookup_key(self) -> None:
        api = shop.client().v1
        team = shop.price(lookup_key="pages-team-month")
        shop.price(lookup_key="pages-business-month")
        shop.price()

        assert [found.id for found in api.prices.list({"lookup_keys": ["pages-team-month", "x"]}).data] == [team.id]

    def test_a_lookup_key_names_one_price(self) -> None:
        api = shop.client().v1
        old = shop.price(lookup_key="team")

        with pytest.raises(stripe.InvalidRequestError, match="already uses that lookup key"):
            shop.price(lookup_key="team")
        new = shop.price(7_000, lookup_key="team", transfer_lookup_key=True)

        assert api.prices.retrieve(old.id).lookup_key is None
        assert [found.id for found in api.prices.list({"lookup_keys": ["team"]}).data] == [new.id]

    def test_may_bring_their_product(self) -> None:
        api = shop.client().v1

        price = api.prices.create(
            {"currency": "USD", "unit_amount": 900, "product_data": {"name": "Once"}, "tax_behavior": "exclusive"}
        )

        assert api.products.retrieve(str(price.product)).name == "Once"
        assert (price.type, price.recurring, price.currency) == ("one_time", None, "usd")

    def test_change_all_but_what_they_cost(self) -> None:
        api = shop.client().v1
        price = shop.price(lookup_key="team")

        changed = api.prices.update(
            price.id, {"active": False, "nickname": "Old", "lookup_key": "team", "metadata": {"a": "b"}}
        )

        assert (changed.active, changed.nickname, changed.lookup_key) == (False, "Old", "team")
        assert api.prices.update(price.id, {"lookup_key": ""}).lookup_key is None
        unknown: Any = {"unit_amount": 1}
        with pytest.raises(stripe.InvalidRequestError, match="unknown parameter: unit_amount"):
            api.prices.update(price.id, unknown)

    def test_are_listed_by_product_and_activity(self) -> None:
        api = shop.client().v1
        kept, gone = shop.price(), shop.price()
        api.prices.update(gone.id, {"active": False})

        assert [found.id for found in api.prices.list({"product": str(kept.product)}).data] == [kept.id]
        assert [found.id for found in api.prices.list({"active": True}).data] == [kept.id]

    @pytest.mark.parametrize(
        ("params", "param"),
        [
            ({"product": "prod_none"}, "product"),
            ({"product_data": {"name": "Both"}}, "product"),
            ({"unit_amount": -1}, "unit_amount"),
            ({"recurring": {"interval": "fortnight"}}, "recurring[interval]"),
            ({"recurring": {"interval": "month", "usage_type": "metered"}}, "recurring[usage_type]"),
            ({"billing_scheme": "tiered"}, "tiers"),
            ({"unit_amount_decimal": "0.5"}, "unit_amount"),
        ],
    )
    def test_that_cannot_be(self, params: dict[str, Any], param: str) -> None:
        with pytest.raises(stripe.InvalidRequestError) as refused:
            shop.price(**params)

        assert refused.value.param == param


def test_there_is_one_account() -> None:
    api = shop.client().v1
    account = api.accounts.retrieve_current()

    assert api.accounts.retrieve(account.id).id == account.id
    with pytest.raises(stripe.InvalidRequestError, match="No such account"):
        api.accounts.retrieve("acct_other")
