"""Many at once: a coupon's limit and one use for each organization hold."""

import pytest
from django.conf import settings

from billing.models import Coupon, CouponRedemption
from billing.services import coupons
from platform_core.errors import Conflict
from tests import make
from tests.billing.services.test_inbox_parallel import WORKERS, at_once

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True, databases=list(settings.DATABASES))]


def test_a_limit_holds_however_many_use_it_at_once() -> None:
    coupon = make.coupon(max_redemptions=2)
    organizations = [make.organization() for _ in range(WORKERS)]

    def use(number: int) -> str:
        try:
            return coupons.reserve(coupon, organizations[number], by=None).status
        except Conflict as error:
            return error.code

    assert sorted(at_once(use)) == ["COUPON_USED", "COUPON_USED", "reserved", "reserved"]

    assert (Coupon.objects.get().redemption_count, CouponRedemption.objects.count()) == (2, 2)


def test_one_organization_uses_it_once() -> None:
    coupon, organization = make.coupon(), make.organization()

    def use(_: int) -> str:
        try:
            return coupons.reserve(coupon, organization, by=None).status
        except Conflict as error:
            return error.code

    assert sorted(at_once(use)) == ["COUPON_USED"] * (WORKERS - 1) + ["reserved"]

    assert (Coupon.objects.get().redemption_count, CouponRedemption.objects.count()) == (1, 1)
