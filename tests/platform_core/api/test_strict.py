"""Serializers: camelCase outside, nothing unknown inside."""

from typing import Any

import pytest
from rest_framework import serializers

from orgs.models import Product
from platform_core.api.strict import Nothing, StrictModelSerializer, StrictSerializer


class PriceSerializer(StrictSerializer):
    unit_price = serializers.IntegerField()


class OfferSerializer(StrictSerializer):
    plan_code = serializers.CharField()
    price = PriceSerializer(required=False)
    ends_on = serializers.DateField(source="last_day", required=False)
    full_label = serializers.SerializerMethodField()
    own_label = serializers.SerializerMethodField(method_name="labelled")
    currency = serializers.CharField(read_only=True)

    def get_full_label(self, row: dict[str, Any]) -> str:
        return f"<{row['plan_code']}>"

    def labelled(self, row: dict[str, Any]) -> str:
        return "own"


class ProductSerializer(StrictModelSerializer[Product]):
    class Meta:
        model = Product
        fields = ["code", "name", "is_bundle", "role_options"]


def refused(body: Any) -> Any:
    serializer = OfferSerializer(data=body)
    assert not serializer.is_valid()
    return serializer.errors


def test_names_are_camel_case_outside_and_the_models_inside() -> None:
    serializer = OfferSerializer(data={"planCode": "team", "endsOn": "2026-01-31", "price": {"unitPrice": 3}})

    assert serializer.is_valid()
    assert set(serializer.validated_data) == {"plan_code", "last_day", "price"}
    assert serializer.validated_data["price"] == {"unit_price": 3}


def test_answers_are_camel_case() -> None:
    row = {"plan_code": "team", "price": {"unit_price": 3}, "last_day": None, "currency": "usd"}

    assert OfferSerializer(row).data == {
        "planCode": "team",
        "price": {"unitPrice": 3},
        "endsOn": None,
        "fullLabel": "<team>",
        "ownLabel": "own",
        "currency": "usd",
    }


def test_a_models_row() -> None:
    product = Product(code="pages", name="Pages", role_options=["admin"])

    assert ProductSerializer(product).data == {
        "code": "pages",
        "name": "Pages",
        "isBundle": False,
        "roleOptions": ["admin"],
    }


def test_unknown_and_read_only_fields_are_refused_with_everything_else() -> None:
    body = {"plan_code": "team", "currency": "eur", "price": {"unitPrice": "x", "odd": 1}}

    assert refused(body) == {
        "plan_code": ["Unknown field."],
        "currency": ["This field cannot be set."],
        "planCode": ["This field is required."],
        "price": {"unitPrice": ["A valid integer is required."], "odd": ["Unknown field."]},
    }


def test_an_unknown_field_alone_is_refused() -> None:
    assert refused({"planCode": "team", "odd": 1}) == {"odd": ["Unknown field."]}


@pytest.mark.parametrize("body", [[], "text", 7])
def test_a_body_that_is_no_object(body: Any) -> None:
    assert list(refused(body)) == ["non_field_errors"]


def test_nothing_takes_nothing() -> None:
    assert Nothing(data={}).is_valid()
    assert not Nothing(data={"a": 1}).is_valid()


@pytest.mark.parametrize("text", ["a\r\nb", "a\tb", "a\x1bb", "a\x85b", "a\u2028b", "a\u202eb", "a\u2066b"])
def test_text_is_one_line(text: str) -> None:
    assert refused({"planCode": text}) == {"planCode": ["One line of text, without control characters."]}


@pytest.mark.parametrize("text", [" team\n", "Zoë \u05d0\u200f", "🙂"])
def test_text_of_one_line(text: str) -> None:
    serializer = OfferSerializer(data={"planCode": text})

    assert serializer.is_valid()
    assert serializer.validated_data == {"plan_code": text.strip()}
