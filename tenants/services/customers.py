"""Customers, as staff look after them. Each part of a change is the service's that knows its rule."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.db import transaction

from billing.models import FoundingMember
from billing.services import founding
from identity.models import Session, User, split_name
from identity.services import accounts, passwords, profile
from orgs.models import Organization
from orgs.services import organizations
from platform_core.errors import Conflict, InvalidInput, within
from platform_core.services import audit
from tenants import selectors
from tenants.selectors import Customer


@transaction.atomic
def add(email: str, name: str, company: str, *, by: User) -> Customer:
    """Open an account with an organization for somebody, who gets a link to set a password."""
    person = accounts.unsaved(email, name)
    person.added_by = by
    person.set_unusable_password()
    with audit.together():
        accounts.store(person)
        organization = organizations.create_organization(company or person.name, owner=person, by=by)
        passwords.send_link(person, template="identity/welcome_added")
        audit.record("customer.create", person, by=by, changes={"company": company})
    # Nothing has been bought yet.
    return Customer(person, organization, subscription=None, order_count=0, orders=[], founding_member=None)


@transaction.atomic
def update(person_id: UUID, changes: Mapping[str, Any], *, by: User, session: Session) -> Customer:
    """Change a customer's name, company and status, or their founding membership: all that is asked for, or nothing.

    A customer who is staff too is a colleague first: the rules for those hold. Gives the customer as they are now.
    """
    is_kept_out = changes.get("status") == User.Status.SUSPENDED
    is_granted = changes.get("founding_member") is not None
    held = {"hold_organizations": is_kept_out, "hold_subscriptions": is_granted}
    customer = selectors.known_customer(person_id, by=by, proofs=session.proofs(accounts.COLLEAGUES), **held)
    with audit.together():
        if "founding_member" in changes:
            return _change_founding(customer, changes["founding_member"], by=by)
        _change(customer, changes, by=by, session=session)
    return customer


def _change(customer: Customer, changes: Mapping[str, Any], *, by: User, session: Session) -> None:
    person, names = customer.person, {}
    accounts.require_reach(person, by)
    status = changes.get("status", person.status)
    if status != person.status:
        accounts.require_proof(person, session)
    if "name" in changes:
        names = dict(zip(("first_name", "last_name"), split_name(changes["name"]), strict=True))
    if "company" in changes:
        organizations.rename(_organization(customer), changes["company"], by=by)
    renamed = profile.renamed(person, **names, by=by)
    if status == person.status:
        profile.save(person, renamed)
    elif status == User.Status.ACTIVE:
        accounts.reactivate(person, by=by, **renamed)
    else:
        accounts.suspend_held(person, by=by, **renamed)


def make_founding_member(customer: Customer, *, by: User, **terms: Any) -> FoundingMember:
    """Grant a founding membership for the customer's organization."""
    return founding.grant(_organization(customer).pk, customer.person, by=by, **terms)


def _organization(customer: Customer) -> Organization:
    if customer.organization is None:
        raise Conflict("This person owns no organization.")
    return customer.organization


def _change_founding(customer: Customer, terms: Mapping[str, Any] | None, *, by: User) -> Customer:
    """None ends a membership; terms change it, or grant one. The customer's subscriptions are held for a grant."""
    member = customer.founding_member
    if terms is None:
        if member is None:
            message = "There is no founding membership to end."
            raise InvalidInput(message, details={"foundingMember": [message]})
        return replace(customer, founding_member=founding.end(member, by=by))
    with within("founding_member"):
        if member is None:
            return _granted(customer, terms, by=by)
        return replace(customer, founding_member=founding.change(member, by=by, **terms))


def _granted(customer: Customer, terms: Mapping[str, Any], *, by: User) -> Customer:
    held = [each.pk for each in _organization(customer).subscriptions.all()]
    member = make_founding_member(customer, by=by, held=held, **terms)
    if customer.subscription is not None:
        selectors.multiply(customer.subscription, member.token_multiplier)
    return replace(customer, founding_member=member)
