"""What a coupon takes off, and who may use it how often."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from billing.models import Coupon, CouponRedemption
from billing.providers.sandbox.models import Record
from billing.providers.specs import CouponSpec
from billing.providers.stripe.client import build_client
from billing.providers.stripe.provider import StripeProvider
from billing.services import coupons
from orgs.models import Organization
from platform_core import clock
from platform_core.errors import Conflict, InvalidInput
from platform_core.models import AuditEvent
from tests import make

amounts = st.integers(0, 10**12)
anything = st.one_of(
    st.builds(lambda share: Coupon(percent_basis_points=share), st.integers(1, 10_000)),
    st.builds(lambda off: Coupon(amount_minor=off, currency="usd"), st.integers(1, 10**12)),
)


@given(anything, amounts)
def test_nobody_pays_less_than_nothing_or_more_than_before(coupon: Coupon, amount: int) -> None:
    assert 0 <= coupons.discount(coupon, amount) <= amount


@given(anything, st.lists(amounts, max_size=8))
def test_shares_sum_to_the_whole(coupon: Coupon, lines: list[int]) -> None:
    found = coupons.shares(coupon, lines)

    assert sum(found) == coupons.discount(coupon, sum(lines))
    assert all(0 <= share <= line for share, line in zip(found, lines, strict=True))


@pytest.mark.parametrize(("amount", "off"), [(0, 0), (1, 0), (2, 1), (2_900, 725), (2_901, 725), (2_902, 726)])
def test_a_quarter_is_rounded_half_upwards(amount: int, off: int) -> None:
    assert coupons.discount(make.coupon(), amount) == off


def test_a_second_use_is_refused_and_does_not_count(organization: Organization) -> None:
    coupon = make.coupon()
    coupons.reserve(coupon, organization, by=None)

    with pytest.raises(Conflict, match="used this coupon already") as refused:
        coupons.reserve(coupon, organization, by=None)

    assert refused.value.code == "COUPON_USED"
    assert (CouponRedemption.objects.count(), Coupon.objects.get().redemption_count) == (1, 1)


def test_beyond_its_limit_it_is_refused_to_everybody() -> None:
    coupon = make.coupon(max_redemptions=1)
    coupons.reserve(coupon, make.organization(), by=None)

    with pytest.raises(Conflict, match="as often as it can be"):
        coupons.reserve(coupon, make.organization(), by=None)
    with pytest.raises(IntegrityError), transaction.atomic():
        Coupon.objects.update(redemption_count=2)

    assert Coupon.objects.get().redemption_count == 1


def test_a_checkout_that_came_to_nothing_gives_its_use_back_once(organization: Organization) -> None:
    coupon = make.coupon(max_redemptions=1)
    held = coupons.reserve(coupon, organization, by=None)

    assert coupons.release(held)
    assert not coupons.release(held)
    assert not coupons.redeem(held)

    assert Coupon.objects.get().redemption_count == 0
    again = coupons.reserve(coupon, organization, by=None)
    assert coupons.redeem(again)
    assert not coupons.redeem(again)
    assert not coupons.release(again)
    assert Coupon.objects.get().redemption_count == 1
    told = AuditEvent.objects.order_by("created_at").values_list("action", flat=True)
    assert list(told) == ["coupon.reserve", "coupon.release", "coupon.reserve", "coupon.redeem"]


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"is_active": False}, "no such coupon"),
        ({"redeem_until": clock.now() - timedelta(days=900)}, "run out"),
        ({"percent_basis_points": None, "amount_minor": 500, "currency": "eur"}, "in EUR, the price in USD"),
        ({"first_purchase_only": True}, "first purchase"),
    ],
)
def test_who_may_not_use_it_is_told_why(organization: Organization, fields: dict[str, Any], why: str) -> None:
    make.coupon("SPRING", **fields)
    price = make.subscription(organization).price

    with pytest.raises(InvalidInput, match=why) as refused:
        coupons.named("spring", price, organization)

    assert set(refused.value.details) == {"coupon"}


def test_it_is_known_by_its_code_however_it_is_typed(organization: Organization) -> None:
    price = make.plan().prices.get()
    coupon = make.coupon("SPRING", product=price.plan.product, first_purchase_only=True)

    assert coupons.named(" Spring ", price, organization) == coupon
    with pytest.raises(InvalidInput, match="This coupon is for"):
        coupons.named("SPRING", make.plan().prices.get(), organization)
    with pytest.raises(InvalidInput, match="no such coupon"):
        coupons.named("AUTUMN", price, organization)


def test_one_is_made_and_ended() -> None:
    product = make.product("pages")
    make.plan(product=product)

    made = coupons.add(
        {"code": "spring", "name": "Spring", "amount_minor": 500, "currency": "usd", "product": "pages"}, by=None
    )

    assert (made.code, made.product, made.duration) == ("SPRING", product, "once")
    with pytest.raises(Conflict, match="SPRING already"):
        coupons.add({"code": "Spring", "name": "Again", "percent_basis_points": 100}, by=None)
    coupons.end(made, by=None)
    coupons.end(made, by=None)
    assert not Coupon.objects.get().is_active
    assert AuditEvent.objects.filter(action="coupon.end").count() == 1
    with pytest.raises(Conflict):
        coupons.reserve(made, make.organization(), by=None)


def test_who_has_to_do_with_one() -> None:
    once, lasting = make.coupon(), make.coupon(duration="forever")
    row = make.checkout_session(provider_subscription_id="sub_1")
    assert row.organization is not None
    make.subscription(row.organization, provider_subscription_id="sub_1")
    CouponRedemption.objects.create(coupon=lasting, organization=row.organization, checkout=row, status="redeemed")
    coupons.reserve(once, make.organization(), by=None)

    assert coupons.affected_by(lasting) == coupons.Affected(1, 0, 1)
    assert coupons.affected_by(once) == coupons.Affected(0, 1, 0)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({}, "percent_basis_points"),
        ({"percent_basis_points": 100, "amount_minor": 5}, "percent_basis_points"),
        ({"percent_basis_points": 10_001}, "percent_basis_points"),
        ({"amount_minor": 0, "currency": "usd"}, "amount_minor"),
        ({"amount_minor": 5}, "currency"),
        ({"amount_minor": 5, "currency": "xxx"}, "currency"),
        ({"percent_basis_points": 5, "currency": "usd"}, "currency"),
        ({"percent_basis_points": 5, "duration": "repeating"}, "months"),
        ({"percent_basis_points": 5, "months": 3}, "months"),
        ({"percent_basis_points": 5, "product": "none"}, "product"),
    ],
)
def test_one_that_is_none_is_refused_naming_the_field(values: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        coupons.add({"code": "X", "name": "X", **values}, by=None)

    assert field in refused.value.details
    assert not Coupon.objects.exists()


def at_the_provider(code: str, *names: str) -> dict[str, Any]:
    found = build_client().v1.coupons.retrieve(code).to_dict()
    return {name: found[name] for name in names}


def test_each_is_published_as_it_was_agreed() -> None:
    until = clock.now() + timedelta(days=9)
    make.coupon("QUARTER", duration="forever", max_redemptions=5, redeem_until=until)
    make.coupon("FIVE", percent_basis_points=None, amount_minor=500, currency="usd", first_purchase_only=True)
    make.coupon("MONTHS", duration="repeating", months=3)
    make.coupon("ENDED", is_active=False)

    assert coupons.publish().count == 3

    assert set(Coupon.objects.values_list("code", "provider_coupon_id")) == {
        ("QUARTER", "QUARTER"),
        ("FIVE", "FIVE"),
        ("MONTHS", "MONTHS"),
        ("ENDED", ""),
    }
    terms = ("percent_off", "amount_off", "currency", "duration", "duration_in_months")
    assert [*at_the_provider("QUARTER", *terms).values()] == [25.0, None, None, "forever", None]
    assert [*at_the_provider("FIVE", *terms).values()] == [None, 500, "usd", "once", None]
    assert [*at_the_provider("MONTHS", *terms).values()] == [25.0, None, None, "repeating", 3]
    limits = at_the_provider("QUARTER", "max_redemptions", "redeem_by")
    assert limits == {"max_redemptions": 5, "redeem_by": int(until.timestamp())}
    codes = build_client().v1.promotion_codes.list().data
    first = {code.code: code.restrictions.first_time_transaction for code in codes}
    assert first == {"QUARTER": False, "FIVE": True, "MONTHS": False}
    assert coupons.publish().count == 0
    assert Record.objects.filter(kind="coupon").count() == 3
    assert AuditEvent.objects.filter(action="coupon.publish").count() == 3


def test_one_for_a_product_is_published_for_each_of_its_plans() -> None:
    product = make.product("pages")
    for rank, code in enumerate(("pages-team", "pages-solo")):
        make.plan(code, product=product, rank=rank)
    make.plan("other")
    make.coupon("PAGES", product=product)

    coupons.publish()

    assert Record.objects.get(kind="coupon").data["_products"] == ["pages-solo", "pages-team"]


def test_one_for_a_product_without_plans_is_refused_and_never_published() -> None:
    product = make.product("pages")
    terms = {"code": "early", "name": "Early", "percent_basis_points": 1_000, "product": "pages"}

    with pytest.raises(InvalidInput) as refused:
        coupons.add(terms, by=None)

    assert list(refused.value.details) == ["product"]
    assert not Coupon.objects.exists()
    # As an import may have left it: at the provider it would be for every product there.
    make.coupon("EARLY", product=product)
    make.plan("pages-solo", product=product)
    assert coupons.publish().count == 0
    assert not Record.objects.filter(kind="coupon").exists()


def test_of_two_that_publish_at_once_one_tells_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    coupon = make.coupon("SPRING")
    ensure = StripeProvider.ensure_coupon

    def during(self: StripeProvider, spec: CouponSpec, *, key: str) -> str:
        with monkeypatch.context() as once:
            once.setattr(StripeProvider, "ensure_coupon", ensure)
            coupons.publish()
        return ensure(self, spec, key=key)

    monkeypatch.setattr(StripeProvider, "ensure_coupon", during)
    coupons.publish()

    coupon.refresh_from_db()
    assert coupon.provider_coupon_id == "SPRING"
    assert Record.objects.filter(kind="coupon").count() == 1
    assert AuditEvent.objects.filter(action="coupon.publish").count() == 1
