"""Pages of the staff console for people."""

from identity.admin import invitations, sign_ins, telemetry, users

__all__ = ["invitations", "sign_ins", "telemetry", "users"]
