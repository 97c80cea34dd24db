"""Facts that identity announces to whoever is above it."""

from django.dispatch import Signal

# Every table is emptied of an erased person. Sent inside the transaction that does it: a receiver's deletions commit
# with it.
# Arguments: user (emptied), address (the one they had).
account_erased = Signal()
