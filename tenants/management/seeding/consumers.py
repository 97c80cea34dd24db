"""A consumer of the demo, whose tenant bought: its events go to the sandbox's own receiver."""

from django.conf import settings
from django.urls import reverse

from billing.models import CheckoutSession, Consumer
from billing.providers.sandbox import checkout as hosted_page
from billing.services import consumer_checkout, consumers
from tenants.management.seeding import purchases

KEY = "funnel"
TENANT = "tenant_123"


def sell() -> None:
    """FunnelAI sells Pages Team to its tenant, unless it has."""
    consumer, is_new = Consumer.objects.get_or_create(key=KEY, defaults={"name": "FunnelAI"})
    if is_new:
        url = settings.BASE_URL + reverse("sandbox:consumer_events", args=[KEY])
        consumers.set_endpoint(consumer, url, by=None)
    if CheckoutSession.objects.filter(consumer_tenant__consumer=consumer).exists():
        return
    session = consumer_checkout.start(
        consumer_checkout.Wish(
            provider_key="stripe",
            pricing_item_code="pages-team-month-usd",
            consumer_key=KEY,
            consumer_tenant_id=TENANT,
            success_url=f"{settings.BASE_URL}/?session={{CHECKOUT_SESSION_ID}}",
            cancel_url=settings.BASE_URL,
            tenant_name="Demo",
            legal_name="Demo SRL",
            billing_email="billing@example.test",
        )
    )
    hosted_page.pay(session.provider_session_id)
    done = CheckoutSession.Status.COMPLETED
    purchases.wait_until(lambda: CheckoutSession.objects.get(pk=session.pk).status == done)
