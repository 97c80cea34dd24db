"""Passwords, and the mailed link by which a person without one sets the first."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse

from identity.models import MailedCode, PasswordLink, Session, User
from identity.services import addresses, security_notices, sessions, telemetry
from platform_core import clock, scoping, tokens
from platform_core.errors import InvalidInput, NotFound
from platform_core.services import audit, mail

LINK_LIFE = timedelta(hours=48)


def check_strength(password: str, user: User, *, field: str = "password") -> None:
    """Refuse a weak password with every reason at once, by the name under which it was sent."""
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise InvalidInput("Choose another password.", details={field: error.messages}) from error


def set_password(user: User, password: str, *, by: User | None, keep: Session | None = None) -> None:
    """Replace the password; whoever is signed in with the old one is signed out, but for the sign-in to keep."""
    user.set_password(password)
    _store(user, by=by, keep=keep)


def change(user: User, current: str, password: str, *, keep: Session) -> None:
    """Replace one's own password, knowing it. Every other sign-in ends; the one at hand goes on."""
    if not user.check_password(current):
        raise InvalidInput("The password is not right.", details={"current_password": ["This is not your password."]})
    check_strength(password, user, field="new_password")
    user.set_password(password)
    with transaction.atomic():
        _store(user, by=user, keep=keep)
        telemetry.record("password.changed", user, organization_id=keep.organization_id)


def send_link(user: User, *, template: str = "identity/welcome") -> None:
    """Mail a single-use link that lets the person set a password."""
    token = tokens.new("pw")
    expires_at = clock.wall() + LINK_LIFE
    link = PasswordLink.objects.create(user=user, token_digest=tokens.digest(token), expires_at=expires_at)
    context = {
        "name": user.name,
        "url": settings.BASE_URL + reverse("portal:welcome", args=[token]),
        "hours": int(LINK_LIFE / timedelta(hours=1)),
    }
    mail.queue(template, user.email, context, key=f"user.welcome:{link.pk}")


def person_of_link(token: str) -> User:
    """Who may set a password with this link; 404 once it was used or has expired."""
    return _only(PasswordLink.objects.usable(), token).user


def set_by_link(token: str, password: str) -> User:
    """Set a password by link. The link worked, so the person reads that address: it is confirmed too."""
    user = person_of_link(token)
    check_strength(password, user)
    # Hashing is slow on purpose, so it is done before the locks are taken.
    user.set_password(password)
    with transaction.atomic():
        _only(PasswordLink.objects.usable().select_for_update(of=("self",)), token)
        user.password_links.filter(used_at=None).update(used_at=clock.wall())
        _store(user, by=user)
        addresses.confirm_own(user)
    return user


@transaction.atomic
def _store(user: User, *, by: User | None, keep: Session | None = None) -> None:
    sessions.end_all(user, "password", keep=keep, password=user.password)
    user.mailed_codes.all().delete()
    security_notices.tell(user, "password_changed")
    with scoping.system():
        audit.record("user.set_password", user, by=by)


def holders() -> QuerySet[User]:
    """People, and what their first password puts an end to."""
    usable = MailedCode.objects.usable().filter(user=OuterRef("pk"))
    sign_ins = Session.objects.filter(user=OuterRef("pk"), revoked_at=None)
    return User.objects.annotate(has_code=Exists(usable), is_signed_in=Exists(sign_ins))


def store_first(holder: User, rows: QuerySet[User], **changes: Any) -> bool:
    """Keep the first password of one of `holders`, if they are among these rows still. `changes` are of their row."""
    # A sign-in that was begun since they were read is worth nothing by this alone.
    if not sessions.outdate(holder, rows, password=holder.password, **changes):
        return False
    if vars(holder)["is_signed_in"]:
        holder.sessions.end("password")
    if vars(holder)["has_code"]:
        holder.mailed_codes.all().delete()
    security_notices.tell(holder, "password_changed")
    audit.record("user.set_password", holder, by=holder)
    return True


def _only(links: QuerySet[PasswordLink], token: str) -> PasswordLink:
    link = links.filter(token_digest__in=tokens.digests(token)).select_related("user").first()
    if link is None:
        raise NotFound("This link is not valid any more.")
    return link
