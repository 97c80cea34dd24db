"""Customers, as staff look after them. Each part of a change is the service's that knows its rule."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.db import transaction

from billing.models import FoundingMember
from billing.services import founding
from identity.models import User, split_name
from identity.services import accounts, passwords, profile
from orgs.models import Organization
from orgs.services import organizations
from platform_core.errors import Conflict, InvalidInput
from platform_core.services import audit
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
def update(customer: Customer, changes: Mapping[str, Any], *, by: User) -> Customer:
    """Change a customer's name, company, status or founding membership: all of what is asked for, or nothing.

    Gives the customer as they are now.
    """
    with audit.together():
        return _updated(customer, changes, by=by)


def _updated(customer: Customer, changes: Mapping[str, Any], *, by: User) -> Customer:
    person = customer.person
    if "name" in changes:
        first_name, last_name = split_name(changes["name"])
        profile.rename(person, first_name=first_name, last_name=last_name, by=by)
    if "company" in changes:
        organizations.rename(_organization(customer), changes["company"], by=by)
    if "founding_member" in changes:
        member = _change_founding(customer, changes["founding_member"], by=by)
        customer = replace(customer, founding_member=member)
    # Last: whoever is suspended cannot be given anything.
    if "status" in changes and changes["status"] != person.status:
        act = accounts.reactivate if changes["status"] == User.Status.ACTIVE else accounts.suspend
        act(person, by=by)
    return customer


def make_founding_member(customer: Customer, *, by: User, **terms: Any) -> FoundingMember:
    """Grant a founding membership for the customer's organization."""
    return founding.grant(_organization(customer).pk, customer.person, by=by, **terms)


def _organization(customer: Customer) -> Organization:
    if customer.organization is None:
        raise Conflict("This person owns no organization.")
    return customer.organization


def _change_founding(customer: Customer, terms: Mapping[str, Any] | None, *, by: User) -> FoundingMember:
    """None ends a membership; terms change it, or grant one."""
    member = customer.founding_member
    if terms is None:
        if member is None:
            message = "There is no founding membership to end."
            raise InvalidInput(message, details={"foundingMember": [message]})
        return founding.end(member, by=by)
    if member is None:
        return make_founding_member(customer, by=by, **terms)
    return founding.change(member, by=by, **terms)
