"""Usage as servers report it, handed to billing."""

from collections.abc import Sequence

from django.db import transaction

from billing.services.usage import Bucket, Recorded, record_buckets
from platform_core.errors import Conflict
from tenants.models import Order, Server


@transaction.atomic
def report(server: Server, buckets: Sequence[Bucket]) -> Recorded:
    """Store a server's hours. One that was taken away may still owe some; one that was never handed over has none."""
    order = Order.objects.select_for_update(of=("self",)).select_related("subscription").get(pk=server.order_id)
    was_handed_over = order.status == Order.Status.CANCELED and order.fulfilled_at is not None
    if order.status not in (Order.Status.FULFILLED, Order.Status.SUSPENDED) and not was_handed_over:
        raise Conflict(f"Usage is taken for fulfilled orders; this one is {order.status}.")
    actor = ("server", str(server.pk), order.domain)
    return record_buckets(order.subscription, order.pk, buckets, actor=actor)
