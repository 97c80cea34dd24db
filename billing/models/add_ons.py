"""What is bought beside a plan: wished for in a checkout, had in a subscription, and changed in it."""

from django.db import models
from django.db.models import Q

from billing.models.catalog import PlanVersion, Price
from billing.models.changes import SubscriptionChange
from billing.models.subscriptions import CheckoutSession, Subscription
from platform_core.models import Row
from platform_core.scoping import Scoped, ScopedManager


class CheckoutAddOn(Scoped, Row):
    """An add-on of a checkout. Kept because a repeated request to the provider must be the same request."""

    scope_path = "checkout__organization_id"
    product_path = "price__plan__product__code"

    checkout = models.ForeignKey(CheckoutSession, on_delete=models.CASCADE, related_name="add_ons")
    price = models.ForeignKey(Price, on_delete=models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField(default=1)

    objects = ScopedManager["CheckoutAddOn"]()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["checkout", "price"], name="checkout_add_on_once"),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="checkout_add_on_counted"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} of {self.price}"


class SubscriptionAddOn(Scoped, Row):
    """An add-on that a subscription has, mirrored from the provider: so many, on the terms it was added on."""

    scope_path = "subscription__organization_id"
    product_path = "price__plan__product__code"

    subscription = models.ForeignKey(Subscription, on_delete=models.CASCADE, related_name="add_ons")
    price = models.ForeignKey(Price, on_delete=models.PROTECT, related_name="+")
    plan_version = models.ForeignKey(PlanVersion, on_delete=models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField(default=1)

    objects = ScopedManager["SubscriptionAddOn"]()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["subscription", "price"], name="subscription_add_on_once"),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="subscription_add_on_counted"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} of {self.price}"


class ChangedAddOn(Scoped, Row):
    """So many of an add-on as a change wants them, or none; what it does not name stays as it is."""

    scope_path = "change__organization_id"
    product_path = "price__plan__product__code"

    change = models.ForeignKey(SubscriptionChange, on_delete=models.CASCADE, related_name="add_ons")
    price = models.ForeignKey(Price, on_delete=models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField()

    objects = ScopedManager["ChangedAddOn"]()

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["change", "price"], name="changed_add_on_once")]

    def __str__(self) -> str:
        return f"{self.quantity} of {self.price}"
