"""Whose purchase a completed checkout is."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from billing.models import BillingAccount, CheckoutSession
from identity.services.accounts import AddressTaken, guest_account
from orgs.models import Membership, Organization
from orgs.roles import Role
from orgs.services.organizations import create_organization

if TYPE_CHECKING:
    from identity.models import User


@dataclass(frozen=True)
class Buyer:
    """The person and the organization that a purchase belongs to. A consumer's tenant buys without a person."""

    person: "User | None"
    organization: Organization


def buyer_of(purchase: CheckoutSession) -> Buyer | None:
    """Who bought; None where the holder of the address has an account and must confirm first."""
    if purchase.organization is not None:
        return Buyer(purchase.created_by, purchase.organization)
    try:
        person = guest_account(purchase.email)
    except AddressTaken:
        return None
    return Buyer(person, _new_organization(person))


def claimant(person: "User") -> Buyer:
    """The confirmed buyer with an organization of theirs that never bought; one that did has its own customer."""
    bought = BillingAccount.objects.values("organization")
    owned = Membership.objects.filter(user=person, role=Role.OWNER, status=Membership.Status.ACTIVE)
    membership = owned.exclude(organization__in=bought).order_by("created_at").first()
    return Buyer(person, membership.organization if membership else _new_organization(person))


def _new_organization(person: "User") -> Organization:
    return create_organization(person.email.partition("@")[0], owner=person, by=person)
