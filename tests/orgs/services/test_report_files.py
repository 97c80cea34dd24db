"""Reports as files."""

import pytest

from orgs.roles import Role
from tests import make
from tests.clients import PersonClient
from tests.orgs.reading import content, fetched, generated, pages, sheet


def test_members_as_a_sheet(owner: PersonClient, member: PersonClient) -> None:
    evil = make.user(email="eve@harbour.test", first_name="=HYPERLINK(1)")
    make.membership(owner.organization, evil, role=Role.AUDITOR)

    report = generated(owner, kind="members", format="csv")
    answer = fetched(owner, report)
    rows = sheet(answer)

    assert rows[0] == ["Person", "Email", "Role", "In products", "Status", "Since"]
    assert [(row[1], row[2], row[4]) for row in rows[1:]] == [
        ("owner@harbour.test", "Owner", "Active"),
        ("member@harbour.test", "Member", "Active"),
        ("eve@harbour.test", "Auditor", "Active"),
    ]
    assert not any(value.startswith(("=", "+", "-", "@")) for row in rows for value in row)
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    name = f"members-{report.starts_on}-to-{report.ends_on}.csv"
    assert answer["Content-Disposition"] == f'attachment; filename="{name}"'
    assert "no-store" in answer["Cache-Control"]


def test_members_on_paper(owner: PersonClient) -> None:
    for _ in range(60):
        make.membership(owner.organization)

    found = pages(fetched(owner, generated(owner, kind="members")))

    assert len(found) == 2
    assert "Harbour Bakery" in found[0]
    assert "Members and roles" in found[0]
    assert all("Email" in page for page in found)
    assert "owner@harbour.test" in found[0]


@pytest.mark.parametrize("kind", ["members", "audit_activity", "checks", "usage", "billing", "recurring_charges"])
@pytest.mark.parametrize("file_format", ["pdf", "csv"])
def test_every_kind_has_something_to_say_of_nothing(owner: PersonClient, kind: str, file_format: str) -> None:
    report = generated(owner, kind=kind, format=file_format, startsOn="2026-01-01", endsOn="2026-01-01")
    assert report.status == "ready"
    assert content(fetched(owner, report))
