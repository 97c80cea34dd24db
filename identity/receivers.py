"""What identity does about facts from below."""

from typing import Any

from django.dispatch import receiver

from identity.services import owners
from platform_core.models import AuditChain
from platform_core.signals import audit_chain_broken


@receiver(audit_chain_broken)
def tell_owners(sender: Any, *, chain: AuditChain, **kwargs: Any) -> None:
    """Whoever tampered may hope that nobody looks: the platform's owners are told."""
    owners.tell_of_broken_record(chain)
