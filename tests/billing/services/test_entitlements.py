"""What an organization may use."""

import pytest
from django.core.exceptions import ValidationError

from billing.models import Subscription
from billing.models.terms import Entitlement, entitlements_of
from billing.services import entitlements, versions
from orgs.models import Organization
from tests import make

PAGES = {"code": "pages", "kind": "quota", "limit": 5}


def reasons(organization: Organization) -> dict[str, tuple[str, bool]]:
    found = entitlements.product_access(organization)
    return {code: (access.plan.code, access.is_bundled) for code, access in found.items()}


def test_a_bundle_gives_what_it_covers_and_a_subscription_of_its_own_comes_first(organization: Organization) -> None:
    pages, alerts, bundle = (make.product(code) for code in ("pages", "alerts", "bundle"))
    make.subscription(organization, make.plan("bundle-team", product=bundle, covers=["pages", "alerts"]))
    make.subscription(organization, make.plan("pages-team", product=pages))
    make.subscription(make.organization(), make.plan("alerts-team", product=alerts))

    assert reasons(organization) == {
        "bundle": ("bundle-team", False),
        "pages": ("pages-team", False),
        "alerts": ("bundle-team", True),
    }
    assert entitlements.has_product(organization, "alerts")
    assert not entitlements.has_product(organization, "synthetics")


@pytest.mark.parametrize("status", [Subscription.Status.CANCELED, Subscription.Status.UNPAID])
def test_what_is_not_live_gives_nothing(organization: Organization, status: str) -> None:
    plan = make.plan(covers=["pages"], entitlements=[PAGES])
    make.subscription(organization, plan, status=status)

    assert reasons(organization) == {}
    assert entitlements.entitlements_of(organization) == {}


def test_a_bundle_that_covers_less_later_takes_nothing_from_whoever_has_it(organization: Organization) -> None:
    plan = make.plan(covers=["pages"], entitlements=[PAGES])
    make.subscription(organization, plan)

    versions.revise(plan, by=None, covers=[], entitlements=[])

    assert entitlements.has_product(organization, "pages")
    assert entitlements.entitlements_of(organization)["pages"].limit == 5


def test_quotas_add_up_and_hold_for_each_of_a_quantity(organization: Organization) -> None:
    sso = {"code": "sso", "kind": "boolean"}
    region = {"code": "region", "kind": "static", "value": "eu"}
    other = {"code": "region", "kind": "static", "value": "us"}
    make.subscription(organization, make.plan(rank=2, entitlements=[PAGES, sso, region]), quantity=3)
    soft = {"code": "pages", "kind": "quota", "limit": 2, "enforcement": "soft", "reset": "month"}
    make.subscription(organization, make.plan(rank=1, entitlements=[soft, other]))

    assert entitlements.entitlements_of(organization) == {
        "pages": Entitlement("pages", "quota", limit=17, enforcement="soft", reset="period"),
        "sso": Entitlement("sso", "boolean"),
        "region": Entitlement("region", "static", value="eu"),
    }


def test_without_a_limit_is_more_than_any(organization: Organization) -> None:
    make.subscription(organization, make.plan(entitlements=[PAGES]))
    make.subscription(organization, make.plan(entitlements=[{"code": "pages", "kind": "quota"}]))

    assert entitlements.entitlements_of(organization)["pages"].limit is None


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ([{"kind": "boolean"}], "a code"),
        ([{"code": "x", "kind": "magic"}], "a kind"),
        ([{"code": "x", "kind": "static"}], "a value"),
        ([{"code": "x", "kind": "boolean", "value": "y"}], "a value"),
        ([{"code": "x", "kind": "quota", "limit": -1}], "a limit"),
        ([{"code": "x", "kind": "boolean", "limit": 1}], "a limit"),
        ([{"code": "x", "kind": "quota", "enforcement": "mild"}], "soft or hard"),
        ([{"code": "x", "kind": "quota", "reset": "yearly"}], "one of never"),
        ([{"code": "x", "kind": "boolean", "colour": "red"}], "unknown colour"),
        ([{"code": "x", "kind": "boolean"}] * 2, "named once"),
    ],
)
def test_entitlements_that_are_none_are_refused(rows: list[dict[str, object]], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        entitlements_of(rows)
    with pytest.raises(ValidationError, match=problem):
        make.plan(entitlements=rows)
