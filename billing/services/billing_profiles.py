"""Whom an organization's invoices are made out to."""

from collections.abc import Mapping

from django.db import transaction

from billing.countries import NAMES
from billing.models import BillingProfile
from billing.tax_ids import is_well_formed, normalized
from identity.models import User
from orgs.models import Organization
from platform_core.errors import InvalidInput
from platform_core.services import audit

FIELDS = ("legal_name", "line1", "line2", "postal_code", "city", "region", "country", "tax_id")


@transaction.atomic
def update(
    organization: Organization,
    given: Mapping[str, str],
    *,
    by: User | None,
    actor: tuple[str, str, str] | None = None,
) -> BillingProfile:
    """Change what is given; final invoices stay as they are. A tax id has to be written as its country writes them."""
    BillingProfile.objects.get_or_create(organization=organization)
    profile = BillingProfile.objects.select_for_update().get(organization=organization)
    wanted = {name: given.get(name, getattr(profile, name)).strip() for name in FIELDS}
    wanted |= {"country": wanted["country"].upper(), "tax_id": normalized(wanted["tax_id"])}
    _check(wanted)
    changes = {
        name: [getattr(profile, name), value] for name, value in wanted.items() if getattr(profile, name) != value
    }
    if changes:
        for name, value in wanted.items():
            setattr(profile, name, value)
        profile.save()
        audit.record("billing_profile.update", profile, by=by, actor=actor, changes=changes)
    return profile


def _check(wanted: Mapping[str, str]) -> None:
    country, tax_id = wanted["country"], wanted["tax_id"]
    if country and country not in NAMES:
        raise InvalidInput("Unknown country.", details={"country": ["Two letters of ISO 3166-1, such as DE."]})
    if tax_id and not country:
        raise InvalidInput("Whose tax id is it?", details={"country": ["A tax id needs a country."]})
    if tax_id and not is_well_formed(country, tax_id):
        problem = f"This is not how tax ids of {NAMES[country]} are written."
        raise InvalidInput("The tax id cannot be right.", details={"taxId": [problem]})
