"""What the reports of organizations say."""

from datetime import UTC, datetime

from tests import make
from tests.clients import PersonClient
from tests.clocks import at
from tests.orgs.reading import NOON, fetched, generated, path, sheet


def test_activity_is_counted(owner: PersonClient) -> None:
    with at(NOON):
        for name in ("a.example", "b.example"):
            owner.post(path(owner, "domains"), {"name": f"harbour-{name}"})
        report = generated(owner, kind="audit_activity", format="csv", startsOn="2026-03-10", endsOn="2026-03-10")

    counted = {row[0]: row[1:3] for row in sheet(fetched(owner, report))[1:]}
    assert counted["domain.create"] == ["owner@harbour.test", "2"]


def test_days_are_whole(owner: PersonClient) -> None:
    for moment in ("2026-03-01T23:59:59", "2026-03-02T00:00:00", "2026-03-03T23:59:59", "2026-03-04T00:00:00"):
        with at(datetime.fromisoformat(moment).replace(tzinfo=UTC)):
            make.audit_event(owner.organization, action="thing.happen")
    with at(NOON):
        report = generated(owner, kind="audit_activity", format="csv", startsOn="2026-03-02", endsOn="2026-03-03")

    assert [row[2] for row in sheet(fetched(owner, report))[1:] if row[0] == "thing.happen"] == ["2"]


def test_what_products_watch(owner: PersonClient, outsider: PersonClient) -> None:
    pages_ = make.product("pages", name="Pages")
    make.product_resource(owner.organization, product=pages_, name="Harbour status", state="operational")
    make.product_resource(outsider.organization, product=pages_, name="Theirs")

    rows = sheet(fetched(owner, generated(owner, kind="checks", format="csv")))

    assert [row[:4] for row in rows[1:]] == [["Status page", "Harbour status", "Pages", "operational"]]
