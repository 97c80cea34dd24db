"""Questions and facts that organizations put to whoever is above them."""

from django.dispatch import Signal

# An organization is about to be deleted. Receivers answer with what still runs for it, each a sentence's object such
# as "a subscription to Pages Team", or nothing. Sent inside the transaction that would delete it.
# Arguments: organization.
organization_deleting = Signal()
