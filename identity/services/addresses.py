"""Email addresses and the proof that a person reads them."""

from typing import Any

from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.urls import reverse

from identity.models import MailedCode, User, normalize_address
from identity.services import codes, security_notices
from orgs.services import domains
from platform_core import clock, returning, scoping
from platform_core.errors import InvalidInput
from platform_core.models import new_id
from platform_core.services import audit, mail

# Where a person keeps that row, if it came with them.
KNOWN = "own_address"


def with_own(people: "QuerySet[User]") -> "User | None":
    """The first of these, with the row of their address."""
    rows = EmailAddress.objects.filter(user=OuterRef("pk"), email=OuterRef("email"))
    columns = {f"own_{name}": Subquery(rows.values(name)[:1]) for name in ("pk", "verified", "primary")}
    person = people.annotate(**columns).first()
    if person is not None and vars(person)["own_pk"] is not None:
        facts = {name: vars(person)[f"own_{name}"] for name in ("pk", "verified", "primary")}
        vars(person)[KNOWN] = EmailAddress(user=person, email=person.email, **facts)
    return person


def is_confirmed(user: User) -> bool:
    """Whether the person has shown that they read the mail of the address they sign in with."""
    return bool(EmailAddress.objects.filter(user=user, email=user.email, verified=True).exists())


def own(user: User) -> EmailAddress:
    """The row of the address a person signs in with; whoever was made without one gets it here."""
    known: EmailAddress | None = vars(user).get(KNOWN)
    if known is not None:
        return known
    return EmailAddress.objects.get_or_create(user=user, email=user.email, defaults={"primary": True})[0]


def pending(user: User) -> EmailAddress | None:
    """The address that a person wants to change to and has not confirmed yet."""
    found: EmailAddress | None = (
        EmailAddress.objects.filter(user=user, verified=False).exclude(email=user.email).first()
    )
    return found


@transaction.atomic
def request_change(user: User, email: str, *, by: User) -> None:
    """Begin to move a person to another address: it takes the old one's place when it is confirmed.

    An address that is somebody else's gets the same answer; the mail to it tells the difference.
    """
    address = checked(user, email)
    begin_change(user, address, by=by, is_taken=is_taken(address, user))


def checked(user: User, email: str) -> str:
    """The address as it is stored, if it is another than the person's."""
    address = normalize_address(email)
    if address == user.email:
        raise InvalidInput("This is your address.", details={"email": ["This is your address already."]})
    return address


def begin_change(user: User, address: str, *, by: User, is_taken: bool) -> EmailAddress | None:
    """The same, for whoever looked whose the address is; gives the row that waits, if one does."""
    # A new row each time: the link that went to the address before must not confirm this one.
    returning.delete(EmailAddress.objects.filter(user=user).exclude(email=user.email), "id")
    waiting = None if is_taken else EmailAddress.objects.create(user=user, email=address)
    if waiting is None:
        tell_taken(address)
    else:
        send_confirmation(waiting)
    with scoping.system():
        audit.record("user.request_address", user, by=by)
    return waiting


def is_taken(address: str, user: User) -> bool:
    """Whether the address is another person's."""
    return _holders(address).exclude(pk=user.pk).exists()


def taken(address: str, person: Any) -> Exists:
    """The same, as a condition on a person's row."""
    return Exists(_holders(address).exclude(pk=person))


def _holders(address: str) -> QuerySet[User]:
    confirmed = EmailAddress.objects.filter(user=OuterRef("pk"), email=address, verified=True)
    return User.objects.filter(Q(email=address) | Exists(confirmed))


def tell_taken(address: str) -> None:
    """Tell the owner of a known address that somebody tried to use it; once an hour at most."""
    context = {
        "login_url": settings.BASE_URL + reverse("account_login"),
        "reset_url": settings.BASE_URL + reverse("account_reset_password"),
    }
    with transaction.atomic():
        mail.queue("identity/address_taken", address, context, key=f"user.taken:{address}:{clock.wall():%Y%m%d%H}")


def send_confirmation(address: EmailAddress) -> None:
    """Mail the link that confirms an address, and a code that does the same, to that address."""
    path = reverse("account_confirm_email", args=[EmailConfirmationHMAC(address).key])
    code = codes.new(address.user, MailedCode.Purpose.CONFIRM, address.email)
    context = {
        "name": address.user.name,
        "url": settings.BASE_URL + path,
        "code": codes.shown(code),
        "minutes": int(codes.LIFE.total_seconds() // 60),
    }
    mail.queue("identity/confirm_address", address.email, context, key=f"user.confirm:{new_id()}")


def confirm(address: EmailAddress) -> bool:
    """Mark an address as its person's own, in place of the one before; False where it is somebody else's by now."""
    if address.verified:
        return True
    try:
        with transaction.atomic(), scoping.system():
            return _confirm(address)
    except IntegrityError:
        # Another person confirmed or registered it in this very moment.
        address.verified = False
        return False


def _confirm(address: EmailAddress) -> bool:
    user: User = address.user
    # Another's that was confirmed in this moment fails on the index.
    free = EmailAddress.objects.filter(~taken(address.email, user.pk), pk=address.pk)
    if not free.update(verified=True):
        return False
    address.verified = True
    audit.record("user.confirm_address", user, by=user)
    if address.email != user.email:
        _move(user, address)
    domains.join(user)
    return True


def _move(user: User, address: EmailAddress) -> None:
    """From here on the person signs in with this address; the one before is told, and is theirs no more."""
    security_notices.tell(user, "address_changed")
    EmailAddress.objects.filter(user=user).exclude(pk=address.pk).delete()
    user.email = address.email
    user.save(update_fields=["email"])
    EmailAddress.objects.filter(pk=address.pk).update(primary=True)
    # What was mailed to the address before opens nothing any more.
    user.mailed_codes.all().delete()
    user.password_links.filter(used_at=None).delete()
    audit.record("user.change_address", user, by=user)


def confirm_own(user: User) -> None:
    """Confirm the address that a person signs in with, after they proved by other means that they read it."""
    confirm(own(user))


def confirm_by_key(token: str) -> User:
    """Confirm the address that a mailed key belongs to."""
    confirmation = EmailConfirmationHMAC.from_key(token)
    if confirmation is None or not confirm(confirmation.email_address):
        raise InvalidInput("This link is not valid any more.", details={"token": ["Not valid, used or expired."]})
    user: User = confirmation.email_address.user
    return user


def confirm_by_code(email: str, code: str) -> User:
    """Confirm the address that a mailed code went to. An unknown address is answered like a wrong code."""
    address = EmailAddress.objects.filter(email=normalize_address(email), verified=False).select_related("user").first()
    spent = codes.spend(address.user, MailedCode.Purpose.CONFIRM, code) if address is not None else None
    if address is None or spent is None or spent.email != address.email or not confirm(address):
        raise InvalidInput("This code is not valid.", details={"code": ["Not valid, used or expired."]})
    user: User = address.user
    return user
