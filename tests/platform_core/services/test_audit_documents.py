"""What a spreadsheet or a terminal might obey arrives as text."""

import csv
import io
import json

import pytest

from orgs.models import Organization
from platform_core.models import AuditEvent
from platform_core.services import audit_documents
from tests import make


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("Harbour Bakery", "Harbour Bakery"),
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ("+1", "'+1"),
        ("-2+3", "'-2+3"),
        ("@SUM(1)", "'@SUM(1)"),
        ("  =1", "'  =1"),
        ("\t=1", "'\\t=1"),
        ("\r=1", "'\\r=1"),
        ("a\r\nb", "a\\r\\nb"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\x9b31m", "\\x9b31m"),
        ("<b>é</b>", "<b>é</b>"),
        (None, ""),
        (7, "7"),
    ],
)
def test_a_cell(value: object, shown: str) -> None:
    assert audit_documents.cell(value) == shown


def test_a_line_of_csv_has_a_cell_for_each_column(organization: Organization) -> None:
    staff = make.user(is_staff=True)
    event = make.audit_event(organization, changes={"name": ["=1", 'a "b", c']})
    event.impersonator_id, event.impersonator_label = str(staff.pk), "-staff"

    text = audit_documents.csv_header() + audit_documents.csv_line(event)

    (row,) = csv.DictReader(io.StringIO(text))
    assert tuple(row) == audit_documents.COLUMNS
    assert row["action"] == "organization.update"
    assert row["impersonatorLabel"] == "'-staff"
    assert (row["sequence"], row["entityLabel"]) == ("", "Harbour Bakery")
    assert json.loads(row["changes"]) == {"name": ["=1", 'a "b", c']}


def test_a_line_of_json_is_one_line_of_plain_characters(organization: Organization) -> None:
    event = make.audit_event(organization, changes={"name": "a\r\n\x1b[31m\u2028é"})

    line = audit_documents.json_line(AuditEvent.objects.get(pk=event.pk))

    assert line.isascii()
    assert line.count("\n") == 1
    assert "\x1b" not in line
    assert json.loads(line)["changes"] == {"name": "a\r\n\x1b[31m\u2028é"}
    assert json.loads(line)["impersonator"] is None
