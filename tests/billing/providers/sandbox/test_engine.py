"""Requests and answers, as real stripe-python sees them."""

from typing import Any

import pytest
import stripe

from billing.providers.sandbox.engine import Answer, Engine
from billing.providers.sandbox.http_client import SandboxHTTPClient
from tests.billing.providers.sandbox import shop

VERSION = "2026-08-26.dahlia"


def ask(method: str, path: str, params: Any = None, **headers: str) -> Answer:
    return Engine().request(method, path, params, {name.replace("_", "-"): value for name, value in headers.items()})


def test_an_answer_carries_a_request_id_and_the_version() -> None:
    answer = ask("GET", "/v1/account", Authorization="Bearer sk_test_x")

    assert answer.status == 200
    assert answer.headers["Stripe-Version"] == VERSION
    assert answer.headers["Request-Id"].startswith("req_")
    assert "Idempotency-Key" not in answer.headers


def test_an_unknown_address_is_404_as_at_stripe() -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.client().v1.payouts.list()

    assert refused.value.http_status == 404
    assert "Unrecognized request URL (GET: /v1/payouts)" in str(refused.value)


def test_another_method_on_a_known_address_is_404_too() -> None:
    assert ask("DELETE", "/v1/account").status == 404


@pytest.mark.parametrize("key", ["pk_test_x", "rk_test_x", "anything"])
def test_only_a_test_key_is_let_in(key: str) -> None:
    client = stripe.StripeClient(key, http_client=SandboxHTTPClient())

    with pytest.raises(stripe.AuthenticationError) as refused:
        client.v1.accounts.retrieve_current()

    assert refused.value.http_status == 401


def test_another_version_is_not_spoken() -> None:
    with pytest.raises(stripe.InvalidRequestError, match=r"speaks only version 2026-08-26\.dahlia, not 2024-06-20"):
        shop.client().v1.accounts.retrieve_current(options={"stripe_version": "2024-06-20"})


@pytest.mark.parametrize(
    ("params", "code", "param"),
    [
        ({"email": "a@b.test", "color": "blue"}, "parameter_unknown", "color"),
        ({"invoice_settings": {"footer": "x"}}, "parameter_unknown", "invoice_settings[footer]"),
        ({"email": "nobody"}, "email_invalid", "email"),
        ({"balance": "12.5"}, "parameter_invalid_integer", "balance"),
        ({"expand": {"nested": "x"}}, None, "expand"),
        ({"invoice_settings": "x"}, None, "invoice_settings"),
    ],
)
def test_a_bad_parameter_is_named(params: Any, code: str | None, param: str) -> None:
    answer = ask("POST", "/v1/customers", params)

    assert (answer.status, answer.body["error"]["type"]) == (400, "invalid_request_error")
    assert (answer.body["error"].get("code"), answer.body["error"]["param"]) == (code, param)


def test_a_missing_parameter_is_named() -> None:
    with pytest.raises(stripe.InvalidRequestError, match="Missing required param: currency") as refused:
        shop.client().v1.prices.create({"unit_amount": 5})  # type: ignore[typeddict-item]

    assert (refused.value.code, refused.value.param) == ("parameter_missing", "currency")


def test_an_unknown_id_is_404_in_the_address_and_400_in_a_parameter() -> None:
    api = shop.client().v1

    with pytest.raises(stripe.InvalidRequestError, match="No such customer: 'cus_none'") as in_address:
        api.customers.retrieve("cus_none")
    with pytest.raises(stripe.InvalidRequestError, match="No such customer: 'cus_none'") as in_parameter:
        api.invoices.create({"customer": "cus_none"})

    assert (in_address.value.http_status, in_address.value.code, in_address.value.param) == (
        404,
        "resource_missing",
        "id",
    )
    assert (in_parameter.value.http_status, in_parameter.value.param) == (400, "customer")


class TestLists:
    def test_newest_first_page_by_page(self) -> None:
        api = shop.client().v1
        made = [api.customers.create({"email": f"{number}@acme.test"}).id for number in range(7)]

        first = api.customers.list({"limit": 3})
        second = api.customers.list({"limit": 3, "starting_after": first.data[-1].id})

        assert [customer.id for customer in first.data] == made[:3:-1]
        assert [customer.id for customer in second.data] == made[3:0:-1]
        assert (first.has_more, second.has_more) == (True, True)
        assert [customer.id for customer in api.customers.list({"limit": 2}).auto_paging_iter()] == made[::-1]

    def test_back_to_the_page_before(self) -> None:
        api = shop.client().v1
        made = [api.customers.create({}).id for _ in range(5)]

        before = api.customers.list({"limit": 2, "ending_before": made[1]})

        assert [customer.id for customer in before.data] == [made[3], made[2]]
        assert before.has_more is True

    def test_by_creation(self) -> None:
        made = shop.client().v1.customers.create({})
        api = shop.client().v1

        assert [found.id for found in api.customers.list({"created": {"gte": made.created}}).data] == [made.id]
        assert api.customers.list({"created": {"gt": made.created}}).data == []
        assert [found.id for found in api.customers.list({"created": made.created}).data] == [made.id]

    @pytest.mark.parametrize("limit", [0, 101])
    def test_a_page_has_1_to_100_entries(self, limit: int) -> None:
        with pytest.raises(stripe.InvalidRequestError) as refused:
            shop.client().v1.customers.list({"limit": limit})

        assert (refused.value.code, refused.value.param) == ("parameter_invalid_integer", "limit")

    def test_a_cursor_must_be_of_the_list(self) -> None:
        price = shop.price()

        with pytest.raises(stripe.InvalidRequestError, match="No such object"):
            shop.client().v1.customers.list({"starting_after": price.id})


class TestExpand:
    def test_objects_stand_where_ids_stood(self) -> None:
        subscription = shop.subscription()

        found = shop.plain(
            shop.client().v1.subscriptions.retrieve(
                subscription.id, {"expand": ["customer", "latest_invoice.payments", "items.data.price"]}
            )
        )

        assert found["customer"]["email"] == "ann@acme.test"
        assert found["latest_invoice"]["payments"]["data"][0]["status"] == "paid"

    def test_through_lists(self) -> None:
        subscription = shop.subscription()

        (found,) = shop.client().v1.subscriptions.list({"expand": ["data.customer"]}).data
        nested = shop.client().v1.invoices.retrieve(
            str(subscription.latest_invoice), {"expand": ["payments.data.payment.payment_intent"]}
        )

        assert shop.plain(found)["customer"]["name"] == "Ann"
        assert shop.plain(nested)["payments"]["data"][0]["payment"]["payment_intent"]["status"] == "succeeded"

    def test_a_secret_for_the_browser_only_where_there_is_something_to_pay(self) -> None:
        unpaid = shop.subscription(to=shop.customer("chargeCustomerFail"))
        draft = shop.client().v1.invoices.create({"customer": shop.customer().id})
        expand: Any = {"expand": ["confirmation_secret"]}

        found = shop.client().v1.invoices.retrieve(str(unpaid.latest_invoice), expand)

        assert found.confirmation_secret is not None
        assert found.confirmation_secret.client_secret.startswith("pi_")
        assert shop.client().v1.invoices.retrieve(draft.id, expand).confirmation_secret is None

    @pytest.mark.parametrize("path", ["email", "nothing", "customer.a.b.c.d", "data.email"])
    def test_what_cannot_be_expanded_is_refused(self, path: str) -> None:
        subscription = shop.subscription()

        with pytest.raises(stripe.InvalidRequestError) as refused:
            shop.client().v1.customers.retrieve(str(subscription.customer), {"expand": [path]})

        assert refused.value.param == "expand"

    def test_every_field_that_only_expand_brings(self) -> None:
        bought = shop.pay(shop.checkout_session())
        api = shop.client().v1

        session = shop.plain(
            api.checkout.sessions.retrieve(
                bought["id"], {"expand": ["line_items.data.discounts", "total_details.breakdown"]}
            )
        )
        customer = shop.plain(
            api.customers.retrieve(bought["customer"], {"expand": ["sources", "subscriptions", "tax_ids"]})
        )
        price = shop.plain(
            api.prices.retrieve(
                session["line_items"]["data"][0]["price"]["id"], {"expand": ["currency_options", "tiers"]}
            )
        )

        assert session["line_items"]["data"][0]["discounts"] == []
        assert session["total_details"]["breakdown"] == {"discounts": [], "taxes": []}
        assert [each["id"] for each in customer["subscriptions"]["data"]] == [bought["subscription"]]
        assert (customer["sources"]["data"], customer["tax_ids"]["data"]) == ([], [])
        assert price["currency_options"]["usd"]["unit_amount"] == 6_500


class TestMetadata:
    def test_keys_are_set_unset_and_all_unset(self) -> None:
        api = shop.client().v1
        made = api.customers.create({"metadata": {"a": "1", "b": "2"}})

        changed = api.customers.update(made.id, {"metadata": {"b": "", "c": "3"}})
        assert shop.plain(changed)["metadata"] == {"a": "1", "c": "3"}

        emptied = api.customers.update(made.id, {"metadata": ""})
        assert shop.plain(emptied)["metadata"] == {}

    @pytest.mark.parametrize(
        "metadata",
        [{"k" * 41: "v"}, {"k": "v" * 501}, {str(number): "v" for number in range(51)}],
        ids=["long key", "long value", "many keys"],
    )
    def test_it_has_limits(self, metadata: dict[str, str]) -> None:
        with pytest.raises(stripe.InvalidRequestError) as refused:
            shop.client().v1.customers.create({"metadata": metadata})

        assert refused.value.param == "metadata"


def test_an_update_event_tells_what_changed() -> None:
    api = shop.client().v1
    made = api.customers.create({"name": "Ann", "metadata": {"a": "1"}})

    api.customers.update(made.id, {"name": "Bea", "metadata": {"b": "2"}})

    told = shop.plain(api.events.list({"type": "customer.updated"}).data[0])
    assert told["data"]["previous_attributes"] == {"name": "Ann", "metadata": {"b": None}}
    assert told["data"]["object"]["name"] == "Bea"
    assert told["request"]["id"].startswith("req_")


def test_events_keep_the_object_as_it_was() -> None:
    subscription = shop.subscription()

    created = shop.plain(shop.client().v1.events.list({"type": "customer.subscription.created"}).data[0])
    drafted = shop.plain(shop.client().v1.events.list({"type": "invoice.created"}).data[0])

    assert (created["data"]["object"]["status"], subscription.status) == ("incomplete", "active")
    assert len(created["data"]["object"]["items"]["data"]) == 1
    assert (drafted["data"]["object"]["status"], drafted["data"]["object"]["total"]) == ("draft", 6_500)
    assert len(drafted["data"]["object"]["lines"]["data"]) == 1
