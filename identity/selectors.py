"""Reads across everything that is known of a person."""

from uuid import UUID

from allauth.account.models import EmailAddress
from django.db.models import Exists, OuterRef, QuerySet, Subquery, UUIDField

from identity.models import Passkey, TotpDevice, User
from orgs.models import ACTIVE, Membership
from platform_core.errors import NotFound


def signing_in() -> "QuerySet[User]":
    """People and what a sign-in asks of them: `address_confirmed`, `two_factor_on`, `first_organization`.

    What is done with such a person later in the request asks the database again.
    """
    own_address = EmailAddress.objects.filter(user=OuterRef("pk"), email=OuterRef("email"), verified=True)
    app = TotpDevice.objects.filter(user=OuterRef("pk"), confirmed_at__isnull=False)
    passkeys = Passkey.objects.filter(user=OuterRef("pk"))
    mine = Membership.ALL.filter(ACTIVE, user=OuterRef("pk")).order_by("created_at")
    return User.objects.annotate(
        address_confirmed=Exists(own_address),
        two_factor_on=Exists(app) | Exists(passkeys),
        first_organization=Subquery(mine.values("organization_id")[:1], output_field=UUIDField()),
    )


def person_seen_by(viewer: User, person_id: UUID) -> User:
    """Whom people know of: themselves, their active colleagues, and for staff everybody they may look after."""
    seen = User.objects.filter(pk=person_id).exclude(status=User.Status.DELETED)
    if viewer.pk != person_id and not viewer.has_perm("identity.view_user"):
        shared = Membership.ALL.filter(ACTIVE, user=viewer).values("organization")
        seen = seen.filter(pk__in=Membership.ALL.filter(ACTIVE, organization__in=shared).values("user"))
    person = seen.first()
    if person is None:
        raise NotFound("Not found.")
    return person
