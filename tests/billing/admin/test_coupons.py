"""Staff end a coupon, and are told first of all who used it."""

from django.urls import reverse

from billing.models import Coupon, CouponRedemption
from tests import make
from tests.pages import Browser


def test_whoever_ends_one_is_told_who_keeps_it() -> None:
    coupon = make.coupon("SPRING", duration="forever")
    for status in ("redeemed", "redeemed", "reserved", "released"):
        CouponRedemption.objects.create(coupon=coupon, organization=make.organization(), status=status)
    browser = Browser(make.user(is_staff=True, is_superuser=True))
    page = reverse("admin:billing_coupon_operate", args=[coupon.pk, "end"])

    asked = browser.post(page)

    told = asked.content.decode()
    assert asked.status_code == 200
    assert "2 organizations used it and keep what it gives" in told
    assert "1 are about to pay with it and may." in told
    assert Coupon.objects.get().is_active
    assert browser.post(page, {"answered": "1", "key": "k"}).status_code == 302
    assert not Coupon.objects.get().is_active
