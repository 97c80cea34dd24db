"""Facts that billing announces to whoever is above it."""

from django.dispatch import Signal

# A purchase is complete and its buyer known. Sent inside the transaction that records it, so a receiver's rows
# commit with it. Arguments: subscription, by (the buying user), checkout (CheckoutSession).
checkout_completed = Signal()

# A subscription's status changed. Arguments: subscription, previous (status or "").
subscription_changed = Signal()
