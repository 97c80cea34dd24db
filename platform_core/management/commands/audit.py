"""The audit log's chains: sealing what waits, signing where they stand, looking them through."""

import sys
from typing import Any
from uuid import UUID

from django.core.management.base import CommandParser

from platform_core import scoping
from platform_core.management.audited import AuditedCommand
from platform_core.models import AuditEvent
from platform_core.services import audit_sealing, audit_verification
from platform_core.services.audit_verification import Verdict

BROKEN, UNKNOWN = 1, 2


def _line(verdict: Verdict) -> str:
    found = verdict.problem or "holds"
    counts = f"{verdict.checked:,} events, {verdict.checkpoints} checkpoints, {verdict.unsealed:,} not sealed yet"
    return f"{'ok     ' if verdict.holds else 'BROKEN '} {verdict.chain}: {found} ({counts})"


class Command(AuditedCommand):
    """`audit verify` ends with 0 where every chain holds, 1 where one does not, 2 where there is nothing to look at."""

    help = "Seals, signs or verifies the chains of the audit log. `verify` ends with 1 when a chain is broken."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        verify = actions.add_parser("verify", help="look every chain through, or one organization's")
        verify.add_argument("--organization", type=UUID, metavar="ID")
        actions.add_parser("seal", help="seal what is committed now, without waiting for a worker")
        actions.add_parser("checkpoint", help="sign where each chain stands now")

    def handle(self, *args: Any, **options: Any) -> None:
        with scoping.system():
            match options["action"]:
                case "seal":
                    self.stdout.write(f"{audit_sealing.seal_all():,} events sealed.")
                case "checkpoint":
                    self.stdout.write(f"{audit_sealing.checkpoint_all()['signed']:,} chains signed.")
                case _:
                    self._verify(options["organization"])

    def _verify(self, organization_id: UUID | None) -> None:
        if organization_id and not AuditEvent.objects.filter(organization_id=organization_id).exists():
            self.stderr.write(f"Nothing is recorded of an organization {organization_id}.")
            sys.exit(UNKNOWN)
        is_broken = False
        for verdict in audit_verification.verify_all(organization_id):
            self.stdout.write(_line(verdict))
            is_broken = is_broken or not verdict.holds
        if is_broken:
            sys.exit(BROKEN)
