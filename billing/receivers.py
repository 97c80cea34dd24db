"""What billing does about facts from below."""

from typing import Any

from django.dispatch import Signal, receiver

from billing.models import (
    CheckoutSession,
    ConsumerTenant,
    CreditNote,
    Dispute,
    Invoice,
    Payment,
    Purchase,
    Refund,
    Subscription,
)
from billing.services import outbound
from billing.signals import (
    credit_note_issued,
    credit_note_voided,
    dispute_closed,
    dispute_opened,
    invoice_finalized,
    invoice_paid,
    invoice_uncollectible,
    invoice_voided,
    payment_failed,
    payment_refunded,
    payment_succeeded,
    purchase_completed,
    refund_failed,
    subscription_changed,
    subscription_restored,
    subscription_suspended,
    subscription_updated,
)
from identity.models import User
from identity.signals import account_erased
from orgs.models import Organization
from orgs.signals import organization_deleting


@receiver(account_erased)
def forget_buyer(sender: Any, *, user: User, address: str, **kwargs: Any) -> None:
    """Of an erased person's purchases everything stays but the address, which may be another person's since."""
    CheckoutSession.objects.filter(email__iexact=address, created_at__lte=user.erased_at).update(email="")
    tenants = ConsumerTenant.objects.filter(billing_email__iexact=address, created_at__lte=user.erased_at)
    tenants.update(billing_email="")


@receiver(organization_deleting)
def name_subscriptions(sender: Any, *, organization: Organization, **kwargs: Any) -> list[str]:
    """Whoever pays keeps the organization: a subscription has to be canceled before."""
    running = Subscription.objects.filter(organization=organization).exclude(status__in=Subscription.ENDED)
    return [f"the subscription to {each.plan.name}" for each in running.select_related("plan")]


@receiver(subscription_changed)
def tell_of_status(sender: Any, *, subscription: Subscription, previous: str, **kwargs: Any) -> None:
    """In the transaction of the change: it is told if and only if it is so."""
    outbound.subscription_changed(subscription, previous)


@receiver(subscription_updated)
def tell_of_change(sender: Any, *, subscription: Subscription, **kwargs: Any) -> None:
    """The same, where the status stayed."""
    outbound.subscription_updated(subscription)


@receiver(purchase_completed)
def tell_of_purchase(sender: Any, *, purchase: Purchase, **kwargs: Any) -> None:
    """What was bought, and the checkout that it was bought by."""
    outbound.purchase_completed(purchase)
    if purchase.checkout is not None:
        outbound.checkout_completed(purchase.checkout, purchase)


@receiver(subscription_suspended)
def tell_of_suspension(sender: Any, *, subscription: Subscription, **kwargs: Any) -> None:
    """It is taken away until it is paid for."""
    outbound.subscription_suspended(subscription)


@receiver(subscription_restored)
def tell_of_return(sender: Any, *, subscription: Subscription, **kwargs: Any) -> None:
    """It is paid for again."""
    outbound.subscription_restored(subscription)


OF_INVOICES = {
    invoice_finalized: outbound.INVOICE_FINALIZED,
    invoice_paid: outbound.INVOICE_PAID,
    invoice_voided: outbound.INVOICE_VOIDED,
    invoice_uncollectible: outbound.INVOICE_UNCOLLECTIBLE,
}


@receiver(list(OF_INVOICES))
def tell_of_invoice(sender: Any, *, signal: Signal, invoice: Invoice, **kwargs: Any) -> None:
    """It is final, or how it ended."""
    outbound.invoice_changed(OF_INVOICES[signal], invoice)


@receiver(payment_succeeded)
def tell_of_payment(sender: Any, *, payment: Payment, **kwargs: Any) -> None:
    """Money came."""
    outbound.payment_succeeded(payment)


@receiver(payment_failed)
def tell_of_refusal(sender: Any, *, payment: Payment, **kwargs: Any) -> None:
    """A try to collect it was refused."""
    outbound.payment_failed(payment)


@receiver([payment_refunded, refund_failed])
def tell_of_refund(sender: Any, *, signal: Signal, refund: Refund, **kwargs: Any) -> None:
    """It went back, or could not."""
    went = signal is payment_refunded
    outbound.refund_changed(outbound.PAYMENT_REFUNDED if went else outbound.PAYMENT_REFUND_FAILED, refund)


@receiver([dispute_opened, dispute_closed])
def tell_of_dispute(sender: Any, *, signal: Signal, dispute: Dispute, **kwargs: Any) -> None:
    """A bank asks for it back, or has decided."""
    outbound.dispute_changed(outbound.DISPUTE_OPENED if signal is dispute_opened else outbound.DISPUTE_CLOSED, dispute)


@receiver([credit_note_issued, credit_note_voided])
def tell_of_credit_note(sender: Any, *, signal: Signal, credit_note: CreditNote, **kwargs: Any) -> None:
    """An invoice is lessened, or is no more."""
    issued = signal is credit_note_issued
    outbound.credit_note_changed(outbound.CREDIT_NOTE_ISSUED if issued else outbound.CREDIT_NOTE_VOIDED, credit_note)
