"""Whom invoices are made out to."""

from collections.abc import Mapping

import pytest

from billing.models import BillingProfile
from billing.services import billing_profiles
from orgs.models import Organization
from platform_core.errors import InvalidInput
from platform_core.models import AuditEvent


def update(organization: Organization, **given: str) -> BillingProfile:
    return billing_profiles.update(organization, given, by=None)


def test_what_is_given_changes_and_the_rest_stays(organization: Organization) -> None:
    update(organization, legal_name=" Hafen GmbH ", country="de", tax_id="DE 123.456-789")
    profile = update(organization, city="Kiel")
    update(organization, city="Kiel")

    assert (profile.legal_name, profile.country, profile.tax_id, profile.city) == (
        "Hafen GmbH",
        "DE",
        "DE123456789",
        "Kiel",
    )
    changed = [event.changes for event in AuditEvent.objects.filter(action="billing_profile.update").order_by("pk")]
    assert changed[1] == {"city": ["", "Kiel"]}
    assert len(changed) == 2


@pytest.mark.parametrize(
    ("given", "details"),
    [
        ({"country": "XX"}, {"country": ["Two letters of ISO 3166-1, such as DE."]}),
        ({"tax_id": "DE123456789"}, {"country": ["A tax id needs a country."]}),
        (
            {"country": "DE", "tax_id": "DE12"},
            {"taxId": ["This is not how tax ids of Germany are written."]},
        ),
    ],
)
def test_bad_input_names_its_field(
    organization: Organization, given: Mapping[str, str], details: Mapping[str, object]
) -> None:
    with pytest.raises(InvalidInput) as refused:
        update(organization, **given)

    assert refused.value.details == details
    assert not AuditEvent.objects.exists()
