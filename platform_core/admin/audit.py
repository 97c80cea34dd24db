"""Who changed what, and whether the record of it holds."""

from typing import TYPE_CHECKING

from django.contrib import admin
from unfold.decorators import display

from platform_core.admin import organizations
from platform_core.admin.base import Operation, StaffModelAdmin
from platform_core.models import AuditChain, AuditEvent
from platform_core.services import audit_verification

if TYPE_CHECKING:
    from identity.models import User


@admin.register(AuditEvent)
class AuditEventAdmin(StaffModelAdmin[AuditEvent]):
    """Nobody writes here, whatever their role."""

    list_display = ("action", "target_label", "actor_label", "impersonator_label", "actor_type", "seal", "created_at")
    list_filter = ("actor_type", "action", "target_type")
    search_fields = (
        "action",
        "actor_label",
        "impersonator_label",
        "target_label",
        "target_id",
        "organization_id",
        "request_id",
    )
    date_hierarchy = "created_at"
    concealed = ("proofs",)

    @display(description="Seal", ordering="sequence")  # type: ignore[untyped-decorator]
    def seal(self, event: AuditEvent) -> str:
        """Its place in its chain."""
        return str(event.sequence) if event.sequence else "Waits"


def _verify(chain: AuditChain, by: "User") -> str:
    audit_verification.request(chain, by=by)
    return "being looked through; reload the page in a moment"


@admin.register(AuditChain)
class AuditChainAdmin(StaffModelAdmin[AuditChain]):
    """The chain of each organization, and of the platform."""

    list_display = ("name", "sequence", "sealed_at", "verdict", "verified_at", "retention_days", "legal_hold")
    list_filter = ("legal_hold",)
    search_fields = ("id",)
    operations = (Operation("verify", "Verify", "platform_core.verify_auditchain", _verify),)

    @display(description="Record of", ordering="id")  # type: ignore[untyped-decorator]
    def name(self, chain: AuditChain) -> str:
        """Whose it is."""
        return organizations.name_of(chain) if chain.organization_id else "The platform"

    @display(  # type: ignore[untyped-decorator]
        description="Verified", label={"Holds": "success", "Broken": "danger", "Never": "info"}
    )
    def verdict(self, chain: AuditChain) -> str:
        """What came of looking it through last."""
        if chain.verified_at is None:
            return "Never"
        return "Broken" if chain.problem else "Holds"
