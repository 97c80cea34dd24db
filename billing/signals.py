"""Facts that billing announces to whoever is above it."""

from django.dispatch import Signal

# A purchase is complete and its buyer known. Sent inside the transaction that records it, so a receiver's rows
# commit with it. Arguments: subscription, by (the buying user), checkout (CheckoutSession).
checkout_completed = Signal()

# A subscription's status changed. Arguments: subscription, previous (status or "").
subscription_changed = Signal()

# An invoice became final and has its number; one was paid in full, taken back, or given up. Arguments: invoice.
invoice_finalized = Signal()
invoice_paid = Signal()
invoice_voided = Signal()
invoice_uncollectible = Signal()

# Money came, or a try to collect it was refused. Arguments: payment.
payment_succeeded = Signal()
payment_failed = Signal()

# Money went back, or could not. Arguments: refund.
payment_refunded = Signal()
refund_failed = Signal()

# A bank takes a payment back until somebody decided, and what was decided. Arguments: dispute.
dispute_opened = Signal()
dispute_closed = Signal()

# A credit note has its number, and one holds no more. Arguments: credit_note.
credit_note_issued = Signal()
credit_note_voided = Signal()

# What was bought is not paid for and is taken away until it is; it was paid, and comes back. Sent inside the
# transaction that records it. Arguments: subscription.
subscription_suspended = Signal()
subscription_restored = Signal()

# A subscription has another plan, price, quantity or coming end, and the status it had. Arguments: subscription.
subscription_updated = Signal()

# Something was bought, once or as the beginning of a subscription. Sent inside the transaction that records it.
# Arguments: purchase.
purchase_completed = Signal()
