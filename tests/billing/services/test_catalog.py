"""What is on sale, and that it is on sale once."""

import pytest

from billing.models import NANO, Plan, Price
from billing.providers.protocol import ProviderError
from billing.providers.sandbox import faults
from billing.providers.sandbox.faults import Fault
from billing.providers.sandbox.models import Record
from billing.providers.stripe.client import build_client
from billing.services import catalog, prices
from billing.services.publishing import Published
from orgs.models import Product
from platform_core.models import AuditEvent
from tests import make


def monthly_prices() -> dict[str, int | None]:
    return dict(Price.objects.filter(kind="recurring").values_list("plan__code", "amount_minor"))


def test_the_documented_prices() -> None:
    catalog.load_price_list()

    single = {
        f"{product}-{level}": amount
        for product in ("pages", "alerts", "synthetics")
        for level, amount in (("team", 6_500), ("business", 15_000))
    }
    bundle = {"bundle-team": 15_000, "bundle-business": 40_000}
    hosting = {"hosting-starter": 4_900, "hosting-pro": 12_900, "hosting-enterprise": 39_900}
    assert monthly_prices() == single | bundle | hosting
    custom = Plan.objects.filter(is_custom=True).values_list("code", flat=True)
    assert sorted(custom) == ["alerts-enterprise", "bundle-enterprise", "pages-enterprise", "synthetics-enterprise"]
    assert [product.code for product in Product.objects.filter(is_bundle=True)] == ["bundle"]


def test_hosting_plans_bring_a_server_and_tokens() -> None:
    catalog.load_price_list()

    hosting = Plan.objects.filter(product__code="hosting")
    assert list(hosting.values_list("code", "tier", "current__token_allotment", "fulfilment", "kind", "rank")) == [
        ("hosting-starter", "Start", 5_000_000, "server", "hybrid", 1),
        ("hosting-pro", "Build", 15_000_000, "server", "hybrid", 2),
        ("hosting-enterprise", "Scale", 60_000_000, "server", "hybrid", 3),
    ]
    overage = Price.objects.filter(kind="overage").values_list("plan__code", "unit_price_nano")
    assert dict(overage) == {"hosting-starter": 300_000, "hosting-pro": 250_000, "hosting-enterprise": 200_000}
    others = Plan.objects.exclude(product__code="hosting")
    assert set(others.values_list("fulfilment", "kind")) == {("none", "subscription")}


def test_loading_again_changes_nothing_that_staff_changed() -> None:
    catalog.load_price_list()
    Plan.objects.filter(code="pages-team").update(name="Pages for teams", status="archived")
    Product.objects.filter(code="pages").update(description="Ours.")
    counted = (Product.objects.count(), Plan.objects.count(), Price.objects.count(), AuditEvent.objects.count())

    catalog.load_price_list()

    assert Plan.objects.get(code="pages-team").name == "Pages for teams"
    assert Product.objects.get(code="pages").description == "Ours."
    assert counted == (
        Product.objects.count(),
        Plan.objects.count(),
        Price.objects.count(),
        AuditEvent.objects.count(),
    )
    assert AuditEvent.objects.filter(action="plan.create").count() == 15


def test_publishing_gives_each_recurring_price_an_id_once() -> None:
    staff = make.user(is_staff=True)
    catalog.load_price_list()

    assert catalog.publish_prices(by=staff).count == 11
    assert catalog.publish_prices(by=staff).count == 0

    published = Price.objects.exclude(provider_price_id="")
    assert set(published.values_list("kind", flat=True)) == {"recurring"}
    assert Record.objects.filter(kind="price").count() == 11
    names = Record.objects.get(object_id="hosting-pro").data["name"]
    assert names == "Hosting Pro"
    events = AuditEvent.objects.filter(action="price.publish")
    assert events.count() == 11
    assert {event.actor_id for event in events} == {str(staff.pk)}


def test_what_is_not_sold_is_not_published() -> None:
    catalog.load_price_list()
    Plan.objects.exclude(code="pages-team").update(status="archived")
    Price.objects.filter(plan__code="pages-team").update(is_active=False)

    assert catalog.publish_prices().count == 0
    assert not Record.objects.exists()


def test_a_price_known_at_the_provider_is_adopted() -> None:
    """Another instance, or this one before its database was lost, put it there."""
    catalog.load_price_list()
    catalog.publish_prices()
    before = dict(Price.objects.values_list("lookup_key", "provider_price_id"))
    Price.objects.update(provider_price_id="")

    assert catalog.publish_prices().count == 11

    assert dict(Price.objects.values_list("lookup_key", "provider_price_id")) == before


@pytest.mark.parametrize("fault", [Fault.TIMEOUT_BEFORE, Fault.TIMEOUT_AFTER])
def test_publishing_survives_a_provider_that_does_not_answer(fault: Fault) -> None:
    catalog.load_price_list()
    with faults.injected(fault, method="POST", path="/v1/prices", times=3), pytest.raises(ProviderError):
        catalog.publish_prices()
    assert not Price.objects.exclude(provider_price_id="").exists()

    assert catalog.publish_prices().count == 11
    assert Record.objects.filter(kind="price").count() == 11


def test_somebody_else_published_at_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both got the same ids; the second has nothing to write and nothing to tell."""
    catalog.load_price_list()
    waiting = list(catalog._unpublished())
    catalog.publish_prices()
    monkeypatch.setattr(catalog, "_unpublished", lambda: waiting)

    catalog.publish_prices()

    assert AuditEvent.objects.filter(action="price.publish").count() == 11


def test_a_price_in_anothers_place_is_published_beside_it_and_every_scheme_is() -> None:
    tiers = [{"up_to": 10, "unit_price_nano": 500 * NANO}, {"up_to": None, "amount_minor": 1_000}]
    plan = make.plan("pages-team", price_minor=None)
    monthly = prices.put_on_sale(plan, {"amount_minor": 6_500}, by=None)
    prices.put_on_sale(plan, {"interval": "year", "scheme": "flat", "amount_minor": 65_000}, by=None)
    prices.put_on_sale(plan, {"currency": "jpy", "scheme": "graduated", "tiers": tiers}, by=None)
    prices.put_on_sale(plan, {"currency": "kwd", "scheme": "package", "amount_minor": 50, "package_size": 9}, by=None)
    prices.put_on_sale(plan, {"kind": "one_off", "amount_minor": 9_900}, by=None)
    assert catalog.publish_prices().count == 5
    successor = prices.replace(monthly, by=None, amount_minor=7_500)

    assert catalog.publish_prices().count == 1
    assert catalog.publish_prices().count == 0

    found = {record.data["lookup_key"]: record.data for record in Record.objects.filter(kind="price")}
    assert sorted(found) == [
        "pages-team-month-jpy",
        "pages-team-month-kwd",
        "pages-team-month-usd",
        "pages-team-month-usd.2",
        "pages-team-one_off-usd",
        "pages-team-year-usd",
    ]
    successor.refresh_from_db()
    assert successor.provider_price_id == found["pages-team-month-usd.2"]["id"]
    assert found["pages-team-one_off-usd"]["recurring"] is None
    assert found["pages-team-month-kwd"]["transform_quantity"] == {"divide_by": 9, "round": "up"}
    assert found["pages-team-year-usd"]["tiers_mode"] == "volume"


def test_one_that_the_provider_refuses_stands_in_nobodys_way() -> None:
    """More than the provider takes: it came here when nobody looked."""
    staff = make.user(is_staff=True)
    plan = make.plan("pages-team", price_minor=None)
    prices.put_on_sale(plan, {"amount_minor": 6_500}, by=None)
    too_much = make.price(
        make.plan("alerts-team", price_minor=None), amount_minor=10**15, lookup_key="a-first", provider_price_id=""
    )

    done = catalog.publish_prices(by=staff)

    reason = "The payment provider refused the request"
    assert (done.count, [refused.code for refused in done.refused]) == (1, ["a-first"])
    assert str(done).startswith(f"1 published; a-first refused: {reason}")
    assert plan.prices.get().provider_price_id
    too_much.refresh_from_db()
    assert (too_much.is_active, too_much.provider_price_id) == (False, "")
    event = AuditEvent.objects.get(action="price.refuse")
    assert (event.target_id, event.actor_id) == (str(too_much.pk), str(staff.pk))
    assert event.changes["reason"].startswith(reason)
    assert catalog.publish_prices(by=staff) == Published(0)


def test_a_place_that_something_else_has_by_now_is_not_given_back() -> None:
    plan = make.plan("pages-team", price_minor=None)
    euros = prices.put_on_sale(plan, {"currency": "eur", "amount_minor": 6_500, "lookup_key": "team"}, by=None)
    catalog.publish_prices()
    client = build_client()
    product = client.v1.products.create({"name": "Theirs"}).id
    client.v1.prices.create({"product": product, "currency": "usd", "unit_amount": 7, "lookup_key": "team.2"})
    dollars = prices.replace(euros, by=None, currency="usd")
    other = prices.put_on_sale(plan, {"currency": "eur", "amount_minor": 7_000}, by=None)

    done = catalog.publish_prices()

    assert (done.count, [refused.code for refused in done.refused]) == (1, [dollars.lookup_key])
    assert list(plan.prices.filter(is_active=True)) == [other]
