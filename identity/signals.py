"""Facts that identity announces to whoever is above it."""

from django.dispatch import Signal

# A person was erased. Sent inside the transaction that does it, so that a receiver's deletions commit with it.
# Arguments: user (emptied), address (the one they had).
account_erased = Signal()
