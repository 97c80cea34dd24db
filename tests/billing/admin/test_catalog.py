"""Staff change a plan in the console, and are told whom that leaves alone before it is done."""

from django.urls import reverse

from billing.models import Plan, PlanVersion, Price
from platform_core.models import AuditEvent
from tests import make
from tests.pages import Browser


def owner() -> Browser:
    return Browser(make.user(is_staff=True, is_superuser=True))


def form(plan: Plan, **changes: str) -> dict[str, str]:
    words = {"name": plan.name, "tier": plan.tier, "description": "", "trial_days": "0"}
    inlines = {f"{name}-{total}_FORMS": "0" for name in ("prices", "versions") for total in ("TOTAL", "INITIAL")}
    return words | inlines | {"features": "ghost\nOdoo", "token_allotment": "1000000"} | changes


def test_other_terms_are_saved_once_they_are_confirmed() -> None:
    plan = make.hosting_plan(features=["ghost", "Odoo"])
    make.subscription(plan=plan)
    browser, page = owner(), reverse("admin:billing_plan_change", args=[plan.pk])
    assert browser.get(page).status_code == 200

    told = browser.post(page, form(plan, token_allotment="5", covers="none"))
    assert "Unknown product: none." in told.content.decode()
    told = browser.post(page, form(plan, token_allotment="5"))

    assert told.status_code == 200
    assert "1 live subscriptions of 1 organizations stay on what they bought" in told.content.decode()
    assert PlanVersion.objects.count() == 1
    assert browser.post(page, form(plan, token_allotment="5", confirm="on")).status_code == 302
    plan = Plan.objects.select_related("current").get()
    assert (plan.current.number, plan.token_allotment, plan.features) == (2, 5, ["ghost", "Odoo"])
    assert AuditEvent.objects.get(action="plan.revise").changes["token_allotment"] == [1_000_000, 5]


def test_entitlements_are_fields_of_their_own() -> None:
    plan = make.hosting_plan(features=["ghost", "Odoo"], entitlements=[{"code": "sso", "kind": "boolean"}])
    browser, page = owner(), reverse("admin:billing_plan_change", args=[plan.pk])
    shown = browser.get(page).content.decode()
    assert 'name="entitlements-0-code" value="sso"' in shown
    assert 'aria-label="Code, entitlement 4"' in shown
    same = {"entitlements-0-code": "sso", "entitlements-0-kind": "boolean", "entitlements-1-code": " "}
    quota = {"entitlements-1-code": "seats", "entitlements-1-kind": "quota", "entitlements-1-limit": "5"}
    how = {"entitlements-1-enforcement": "soft", "entitlements-1-reset": "month"}

    assert browser.post(page, form(plan, **same)).status_code == 302
    assert PlanVersion.objects.count() == 1
    for wrong, said in (
        ({"entitlements-1-limit": "many"}, "Entitlement 2: a limit is a whole number"),
        ({"entitlements-1-limit": "9" * 5_000}, "Entitlement 2: a limit is a whole number"),
        ({"entitlements-1-kind": "static"}, "Entitlement 2: a value is wanted."),
        ({"entitlements-1-code": "sso"}, "Each entitlement is named once."),
    ):
        told = browser.post(page, form(plan, confirm="on", **same | quota | how | wrong)).content.decode()
        assert said in told
    assert PlanVersion.objects.count() == 1
    assert browser.post(page, form(plan, confirm="on", **same | quota | how)).status_code == 302

    seats = {"code": "seats", "kind": "quota", "limit": 5, "enforcement": "soft", "reset": "month"}
    assert Plan.objects.get().current.entitlements == [{"code": "sso", "kind": "boolean"}, seats]


def test_another_name_makes_no_version() -> None:
    plan = make.hosting_plan(features=["ghost", "Odoo"])
    page = reverse("admin:billing_plan_change", args=[plan.pk])

    assert owner().post(page, form(plan, name="Hosting Max")).status_code == 302

    assert Plan.objects.get().name == "Hosting Max"
    assert PlanVersion.objects.count() == 1


def test_a_plan_is_added_with_its_first_version_and_archived() -> None:
    product, browser = make.product(), owner()
    fields = {"product": str(product.pk), "code": "solo", "name": "Solo", "tier": "Solo", "kind": "subscription"}

    answer = browser.post(reverse("admin:billing_plan_add"), {**fields, "fulfilment": "none", "rank": "1"})

    assert answer.status_code == 302
    plan = Plan.objects.select_related("current").get()
    assert (plan.code, plan.current.number) == ("solo", 1)
    assert browser.post(reverse("admin:billing_plan_operate", args=[plan.pk, "archive"])).status_code == 302
    assert Plan.objects.get().status == "archived"
    assert browser.get(reverse("admin:billing_plan_change", args=[plan.pk])).status_code == 200


def test_a_new_price_is_held_to_what_the_provider_takes() -> None:
    plan = make.plan(price_minor=None)
    browser, page = owner(), reverse("admin:billing_price_add")
    given = {"plan": str(plan.pk), "kind": "recurring", "interval": "month", "currency": "usd", "lookup_key": "month"}

    for wrong, said in (
        ({"amount_minor": "100000000"}, "At most 99999999 is wanted"),
        ({"unit_price_nano": "5"}, "A price that is per_unit needs it."),
        ({"amount_minor": "much"}, "Enter a whole number."),
    ):
        told = browser.post(page, given | wrong)
        assert (told.status_code, said in told.content.decode()) == (200, True)
    assert not Price.objects.exists()
    assert browser.post(page, given | {"amount_minor": "6500"}).status_code == 302
    price = Price.objects.get()
    assert browser.post(reverse("admin:billing_price_change", args=[price.pk]), {}).status_code == 302
    assert not Price.objects.get().is_active
    make.price(plan, interval="year", amount_minor=10**15, lookup_key="much", provider_price_id="")
    told = browser.post(reverse("admin:billing_price_operate_list", args=["publish"]), follow=True)
    assert "0 published; much refused: The payment provider refused the request" in told.content.decode()
