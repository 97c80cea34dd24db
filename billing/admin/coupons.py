"""Coupons, and who used them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin

from billing.admin.amounts import Priced
from billing.models import Coupon, CouponRedemption
from billing.services import coupons
from identity.models import User
from platform_core.admin.base import Operation, StaffInline, StaffModelAdmin
from platform_core.admin.questions import Question

if TYPE_CHECKING:
    from django.forms import ModelForm
    from django.http import HttpRequest


class EndCoupon(Question):
    """Before nobody can begin to use it any more."""

    row: Coupon

    def explained(self) -> str:
        affected = coupons.affected_by(self.row)
        return (
            f"{affected.redeemed_count} organizations used it and keep what it gives; it still takes something off "
            f"{affected.subscription_count} live subscriptions. {affected.reserved_count} are about to pay with it and "
            "may. Nobody else can use it from now on, and this cannot be taken back."
        )


def _end(coupon: Coupon, by: User, **_: Any) -> str:
    coupons.end(coupon, by=by)
    return f"{coupons.affected_by(coupon).redeemed_count} organizations keep what it gave them"


class RedemptionInline(StaffInline):
    """Who used it."""

    model = CouponRedemption
    fields = ("organization", "status", "created_at", "redeemed_at")


@admin.register(Coupon)
class CouponAdmin(Priced, StaffModelAdmin[Coupon]):
    """A coupon. What it gives never changes; it can be ended."""

    list_display = ("code", "name", "percent_basis_points", "amount_minor", "duration", "redemption_count", "is_active")
    list_filter = ("is_active", "duration", "product")
    search_fields = ("code", "name")
    editable = ("name",)
    addable = (
        "code",
        "name",
        "percent_basis_points",
        "amount_minor",
        "currency",
        "duration",
        "months",
        "product",
        "first_purchase_only",
        "max_redemptions",
        "redeem_until",
    )
    inlines = (RedemptionInline,)
    operations: ClassVar[Sequence[Operation]] = (
        Operation(
            "end",
            "End coupon",
            "billing.change_coupon",
            _end,
            offered=lambda coupon: coupon.is_active,
            question=EndCoupon,
            is_dangerous=True,
        ),
    )
    list_operations: ClassVar[Sequence[Operation]] = (
        Operation(
            "publish",
            "Publish new coupons at the payment provider",
            "billing.change_coupon",
            lambda _, by: str(coupons.publish(by=by)),
        ),
    )

    def save_model(self, request: "HttpRequest", obj: Coupon, form: "ModelForm[Coupon]", change: Any) -> None:
        obj.code = obj.code.upper()
        super().save_model(request, obj, form, change)


@admin.register(CouponRedemption)
class CouponRedemptionAdmin(StaffModelAdmin[CouponRedemption]):
    """An organization's use of a coupon."""

    list_display = ("coupon", "organization", "state", "created_at", "redeemed_at")
    list_filter = ("status", "coupon")
    list_select_related = ("coupon", "organization")
    search_fields = ("coupon__code", "organization__name", "organization__slug")
