"""Telling a person by mail that what protects their account has changed."""

from identity.models import User
from platform_core.models import new_id
from platform_core.services import mail


def tell(user: User, event: str, *, once: str = "", **facts: object) -> None:
    """Owe the person a message. The template has a sentence for each event; of those with one `once`, one is sent."""
    context = {"name": user.name, "event": event, **facts}
    mail.queue("identity/security_notice", user.email, context, key=f"security.{event}:{once or new_id()}")
