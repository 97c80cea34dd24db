"""Figures, moments and names as staff read them."""

from datetime import UTC, datetime

from identity.models import AnalyticsEvent
from platform_core import clock
from platform_core.models import CronRun
from tests import make
from tests.clients import staff
from tests.pages import Browser


def test_a_row_is_called_what_it_is_called() -> None:
    organization = make.organization("keel & sons")

    page = Browser(staff("orgs.view_organization").user).words(f"/admin/orgs/organization/{organization.pk}/change/")

    assert "Organizations keel & sons" in page.replace("chevron_right ", "")


def test_a_count_is_grouped_and_a_lease_that_nobody_holds_has_no_end() -> None:
    job = make.job(retry_count=1_234)

    page = Browser(staff("platform_core.view_job").user).words(f"/admin/platform_core/job/{job.pk}/change/")

    assert "Lease until -" in page
    assert "Retry count 1,234" in page


def test_a_slot_is_a_moment_where_it_is_one() -> None:
    at = datetime(2027, 1, 2, 14, 32, tzinfo=UTC)
    for name, slot in (("billing-cycle", at.isoformat()), ("sweep", "by hand")):
        CronRun.objects.create(name=name, slot=slot, started_at=at)

    page = Browser(staff("platform_core.view_cronrun").user).words("/admin/platform_core/cronrun/")

    assert "billing-cycle 2 Jan 2027, 14:32" in page
    assert "sweep by hand" in page


def test_whose_a_row_is_is_told_by_name_and_leads_there() -> None:
    organization = make.organization("Harbour Bakery")
    job = make.job(organization_id=organization.pk)
    happened = {"name": "session.started", "organization_id": organization.pk, "occurred_at": clock.now()}
    AnalyticsEvent.objects.create(user=make.person(organization), **happened)
    browser = Browser(staff("platform_core.view_job", "identity.view_analyticsevent").user)

    for path in (f"platform_core/job/{job.pk}/change/", "identity/analyticsevent/"):
        page = browser.get(f"/admin/{path}").content.decode()
        assert (
            f'<a href="/admin/orgs/organization/{organization.pk}/change/" class="text-link">Harbour Bakery</a>' in page
        )
        assert "Organization id" not in page


def test_a_chain_is_the_record_of_a_name() -> None:
    organization = make.organization("Harbour Bakery")
    make.sealed_chain(organization)

    page = Browser(staff("platform_core.view_auditchain").user).words("/admin/platform_core/auditchain/")

    assert "Harbour Bakery" in page
    assert str(organization.pk) not in page
