"""What subscriptions bring a month, and each change of it."""

from django.db import models
from django.db.models import F, Q

from billing.models.subscriptions import Subscription
from orgs.models import Organization
from platform_core.models import Row, Unchanging
from platform_core.scoping import Scoped, ScopedManager


class MrrMovement(Unchanging, Scoped, Row):
    """One change of what a subscription brings a month. Rows are only added: their sum is the recurring revenue."""

    product_path = "subscription__plan__product__code"

    class Kind(models.TextChoices):
        """What it is to the customer as a whole, whichever of their subscriptions changed."""

        NEW = "new"
        EXPANSION = "expansion"
        CONTRACTION = "contraction"
        CHURN = "churn"
        REACTIVATION = "reactivation"

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="mrr_movements")
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="mrr_movements")
    # From 1, of its subscription.
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=12, choices=Kind)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    occurred_at = models.DateTimeField()
    # The first days of its month and of the month in which the customer began to pay, both in UTC.
    month_on = models.DateField()
    cohort_on = models.DateField()

    objects = ScopedManager["MrrMovement"]()

    class Meta:
        ordering = ["-occurred_at", "-number"]
        verbose_name = "MRR movement"
        constraints = [
            models.UniqueConstraint(fields=["subscription", "number"], name="mrr_movement_numbered"),
            models.UniqueConstraint(fields=["organization"], condition=Q(kind="new"), name="mrr_movement_new_once"),
            models.CheckConstraint(
                condition=Q(kind__in=["new", "expansion", "reactivation"], amount_minor__gt=0)
                | Q(kind__in=["contraction", "churn"], amount_minor__lt=0),
                name="mrr_movement_sign_of_kind",
            ),
            models.CheckConstraint(condition=Q(month_on__gte=F("cohort_on")), name="mrr_movement_after_cohort"),
        ]
        indexes = [
            models.Index(
                fields=["month_on", "currency", "kind", "cohort_on"],
                include=["amount_minor"],
                name="mrr_movement_month",
            ),
            models.Index(
                fields=["organization", "currency", "month_on"], include=["amount_minor"], name="mrr_customer"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.subscription.plan}"
