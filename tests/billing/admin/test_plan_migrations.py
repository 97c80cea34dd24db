"""Staff move the subscribers of a plan in the console."""

import html

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from billing.models import Plan, PlanMigration, PlanMove
from billing.services import plan_migrations, versions
from platform_core.models import Job
from tests import make
from tests.clients import staff
from tests.pages import Browser

Policy = PlanMigration.Policy


def plan() -> Plan:
    made = make.plan("team", fulfilment="none")
    make.subscription(make.organization("Anchor"), made)
    versions.revise(made, by=None, rate_limit=60)
    return made


def browser() -> Browser:
    seen = ("billing.view_plan", "billing.view_planmigration", "billing.view_planmove")
    return Browser(staff(*seen, "billing.run_planmigration").user)


def test_a_draft_is_looked_at_started_and_stopped() -> None:
    row, page = plan(), browser()
    ask = reverse("admin:billing_plan_operate", args=[row.pk, "move_subscribers"])
    assert "Nothing changes before you start it" in html.unescape(page.post(ask).content.decode())

    answers = {"answered": "1", "key": "k", "to": str(row.pk), "policy": "free", "reason": "New terms."}
    assert page.post(ask, answers).status_code == 302
    made = PlanMigration.objects.get()
    shown = html.unescape(page.get(reverse("admin:billing_planmigration_change", args=[made.pk])).content.decode())

    assert "1 waiting" in shown
    assert "waiting: $29.00 → $29.00, $0.00 due" in shown
    assert "Anchor" in shown
    assert page.get(reverse("admin:billing_planmigration_changelist")).status_code == 200
    assert not Job.objects.exists()
    operate = "admin:billing_planmigration_operate"
    assert page.post(reverse(operate, args=[made.pk, "start"])).status_code == 302
    assert Job.objects.get().kind == "migrate_plan"
    assert page.post(reverse(operate, args=[made.pk, "stop"])).status_code == 302
    made.refresh_from_db()
    assert (made.status, made.failure) == ("stopped", "Staff stopped it.")


@pytest.mark.parametrize("answers", [{"policy": "later"}, {"reason": ""}, {"to": "1"}, {"to": ""}])
def test_what_cannot_be_answered_makes_no_draft(answers: dict[str, str]) -> None:
    row = plan()
    ask = reverse("admin:billing_plan_operate", args=[row.pk, "move_subscribers"])
    given = {"answered": "1", "key": "k", "to": str(row.pk), "policy": "free", "reason": "x"}

    assert browser().post(ask, given | answers).status_code == 200

    assert not PlanMove.objects.exists()


def test_the_list_asks_as_often_for_many_as_for_one() -> None:
    page, asked = browser(), []
    row = Plan.objects.select_related("current", "product").get(pk=plan().pk)
    for _ in range(3):
        plan_migrations.draft(row, row, Policy.FREE, at_list_price=False, by=None, reason="x")
        with CaptureQueriesContext(connection) as queries:
            shown = page.get(reverse("admin:billing_planmigration_changelist")).content.decode()
        asked.append(len(queries))

    assert shown.count("1 waiting") == 3
    assert asked[1] == asked[2]


def test_what_they_may_decline_is_written_down() -> None:
    row = plan()
    ask = reverse("admin:billing_plan_operate", args=[row.pk, "move_subscribers"])
    given = {"answered": "1", "key": "k", "to": str(row.pk), "policy": "renewal", "is_declinable": "on", "reason": "x"}

    assert browser().post(ask, given).status_code == 302

    assert PlanMigration.objects.get().is_declinable


def test_it_takes_a_permission_of_its_own() -> None:
    row = plan()
    ask = reverse("admin:billing_plan_operate", args=[row.pk, "move_subscribers"])

    assert Browser(staff("billing.view_plan", "billing.change_plan").user).post(ask).status_code == 403


def test_what_is_sold_beside_a_plan_is_nothing_to_move_to() -> None:
    row = plan()
    beside = make.plan("storage", product=row.product, rank=9, is_add_on=True)
    ask = reverse("admin:billing_plan_operate", args=[row.pk, "move_subscribers"])
    given = {"answered": "1", "key": "k", "to": str(beside.pk), "policy": "free", "reason": "x"}

    assert browser().post(ask, given).status_code == 200

    assert not PlanMove.objects.exists()
