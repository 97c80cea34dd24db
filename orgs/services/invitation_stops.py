"""Addresses that want no more invitations of an organization: said by the link in each, without signing in."""

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse

from orgs.models import Invitation, InvitationStop, Organization
from orgs.services import ownership
from platform_core import clock, context, scoping, tokens
from platform_core.errors import NotFound
from platform_core.services import audit

SALT = "orgs.invitation_stop"


def link(invitation: Invitation) -> str:
    """The address for this one's reader. It outlives the invitation, which may be sent again under another token."""
    token = signing.dumps(str(invitation.pk), salt=SALT)
    return f"{settings.BASE_URL}{reverse('portal:invitation-stop', args=[token])}"


def of_token(token: str) -> Invitation:
    """The invitation behind a link, whatever became of it; 404 for any other."""
    try:
        pk = signing.loads(token, salt=SALT)
    except signing.BadSignature:
        pk = None
    with scoping.system():
        found = Invitation.objects.filter(pk=pk).select_related("organization").first()
    if found is None:
        raise NotFound("There is no such link.")
    return found


def is_stopped(organization: Organization, address: str) -> bool:
    """Whether an address wants no invitations of this organization."""
    with scoping.system():
        return _stops(organization, address).exists()


def stop(token: str) -> Invitation:
    """Take back what its reader has of the organization, and let it send them nothing more. Twice is once."""
    invitation = of_token(token)
    # Where they read their mail is none of the organization's business.
    with scoping.system(), transaction.atomic(), context.unnamed():
        organization = ownership.lock(invitation.organization)
        if not is_stopped(organization, invitation.email):
            InvitationStop.objects.create(organization=organization, address_digest=tokens.digest(invitation.email))
            pending = Invitation.objects.pending().filter(organization=organization, email=invitation.email)
            pending.update(revoked_at=clock.wall())
            audit.record("invitation.stop", invitation, by=None, changes={"email": invitation.email})
    return invitation


def allow(token: str) -> Invitation:
    """Let the organization invite them again."""
    invitation = of_token(token)
    with scoping.system(), transaction.atomic(), context.unnamed():
        organization = ownership.lock(invitation.organization)
        deleted, _ = _stops(organization, invitation.email).delete()
        if deleted:
            audit.record("invitation.allow", invitation, by=None, changes={"email": invitation.email})
    return invitation


def _stops(organization: Organization, address: str) -> QuerySet[InvitationStop]:
    return InvitationStop.objects.filter(organization=organization, address_digest__in=tokens.digests(address))
