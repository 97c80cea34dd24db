"""What an organization may use."""

from collections.abc import Mapping

import pytest
from django.core.exceptions import ValidationError

from billing.models import Subscription
from billing.models.terms import Entitlement, entitlements_of
from billing.services import entitlements, versions
from orgs.models import Organization
from platform_core.models import AuditEvent
from tests import make

PAGES = {"code": "pages", "kind": "quota", "limit": 5}


def subscriptions_of(organization: Organization) -> list[Subscription]:
    return list(Subscription.objects.filter(organization=organization))


def granted(organization: Organization) -> Mapping[str, Entitlement]:
    return entitlements.entitlements_of(subscriptions_of(organization))


def reasons(organization: Organization) -> dict[str, tuple[str, bool]]:
    found = entitlements.product_access(subscriptions_of(organization))
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


@pytest.mark.parametrize("status", [Subscription.Status.CANCELED, Subscription.Status.UNPAID])
def test_what_is_not_live_gives_nothing(organization: Organization, status: str) -> None:
    plan = make.plan(covers=["pages"], entitlements=[PAGES])
    make.subscription(organization, plan, status=status)

    assert reasons(organization) == {}
    assert granted(organization) == {}


def test_a_bundle_that_covers_less_later_takes_nothing_from_whoever_has_it(organization: Organization) -> None:
    plan = make.plan(covers=["pages"], entitlements=[PAGES])
    make.subscription(organization, plan)

    versions.revise(plan, by=None, covers=[], entitlements=[])

    assert "pages" in reasons(organization)
    assert granted(organization)["pages"].limit == 5


def test_quotas_add_up_and_hold_for_each_of_a_quantity(organization: Organization) -> None:
    sso = {"code": "sso", "kind": "boolean"}
    region = {"code": "region", "kind": "static", "value": "eu"}
    other = {"code": "region", "kind": "static", "value": "us"}
    make.subscription(organization, make.plan(rank=2, entitlements=[PAGES, sso, region]), quantity=3)
    soft = {"code": "pages", "kind": "quota", "limit": 2, "enforcement": "soft", "reset": "month"}
    make.subscription(organization, make.plan(rank=1, entitlements=[soft, other]))

    assert granted(organization) == {
        "pages": Entitlement("pages", "quota", limit=17, enforcement="soft", reset="period"),
        "sso": Entitlement("sso", "boolean"),
        "region": Entitlement("region", "static", value="eu"),
    }


def test_without_a_limit_is_more_than_any(organization: Organization) -> None:
    make.subscription(organization, make.plan(entitlements=[PAGES]))
    make.subscription(organization, make.plan(entitlements=[{"code": "pages", "kind": "quota"}]))

    assert granted(organization)["pages"].limit is None


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


class TestTellingTheOrganization:
    """Its products and its seats, as they are now."""

    def told(self, organization: Organization) -> tuple[list[str], int | None]:
        entitlements.write_down(organization.pk)
        organization.refresh_from_db()
        return organization.product_codes, organization.seat_limit

    def test_products_and_seats_follow_what_gives_access(self, organization: Organization) -> None:
        team = make.plan(product=make.product("desk"), covers=["pages"], entitlements=[{**PAGES, "code": "seats"}])
        row = make.subscription(organization, team, quantity=2)

        assert self.told(organization) == (["desk", "pages"], 10)
        event = AuditEvent.objects.get()
        assert (event.action, event.changes) == (
            "organization.entitlements",
            {"product_codes": [[], ["desk", "pages"]], "seat_limit": [None, 10]},
        )
        assert self.told(organization) == (["desk", "pages"], 10)
        assert AuditEvent.objects.count() == 1
        Subscription.objects.filter(pk=row.pk).update(suspended_at=row.created_at)
        # Whoever does not pay gains no seats by it.
        assert self.told(organization) == ([], 10)

    def test_a_plan_that_says_nothing_of_seats_leaves_them_to_staff(self, organization: Organization) -> None:
        Organization.objects.filter(pk=organization.pk).update(seat_limit=7)
        make.subscription(organization, make.plan(product=make.product("desk")))

        assert self.told(organization) == (["desk"], 7)

    @pytest.mark.parametrize(("given", "limit"), [({}, None), ({"limit": 10**15}, 2**31 - 1)])
    def test_seats_without_limit_and_more_than_fit(
        self, organization: Organization, given: dict[str, int], limit: int | None
    ) -> None:
        Organization.objects.filter(pk=organization.pk).update(seat_limit=7)
        make.subscription(organization, make.plan(entitlements=[{"code": "seats", "kind": "quota", **given}]))

        assert self.told(organization)[1] == limit

    def test_seats_that_are_no_quota_are_no_number(self, organization: Organization) -> None:
        Organization.objects.filter(pk=organization.pk).update(seat_limit=7)
        make.subscription(organization, make.plan(entitlements=[{"code": "seats", "kind": "boolean"}]))

        assert self.told(organization)[1] == 7
