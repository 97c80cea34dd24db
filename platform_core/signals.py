"""Facts that the mechanisms announce to whoever is above them."""

from django.dispatch import Signal

# The record of an organization, or of the platform, does not hold any more. Sent inside the transaction that notes it,
# once for each finding. Arguments: chain (its `problem` says what was found).
audit_chain_broken = Signal()
