"""Asking for reports and reading what they say."""

import csv
import io
from datetime import UTC, datetime
from typing import Any

from pypdf import PdfReader

from orgs.models import Membership, Report
from tests.clients import ApiClient, PersonClient
from tests.identity.jobs import work

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


def path(client: PersonClient, *rest: object) -> str:
    """An address of the caller's organization."""
    return "/".join(map(str, (f"/api/v1/organizations/{client.organization.pk}", *rest)))


def generated(client: PersonClient, **wanted: Any) -> Report:
    """Asked for, and made."""
    answer = client.post(path(client, "reports/generate"), wanted)
    assert answer.status_code == 202, answer.content
    work()
    return Report.objects.get(pk=answer.json()["id"])


def fetched(client: PersonClient, report: Report) -> Any:
    """The answer to its link, asked for and followed by nobody in particular."""
    link = client.get(path(client, "reports", report.pk, "download")).json()
    return ApiClient().get(link["url"])


def content(answer: Any) -> bytes:
    """The file."""
    assert answer.status_code == 200, answer.content
    return b"".join(answer.streaming_content)


def sheet(answer: Any) -> list[list[str]]:
    """Its rows, the titles among them."""
    return list(csv.reader(io.StringIO(content(answer).decode("utf-8-sig"))))


def pages(answer: Any) -> list[str]:
    """What its pages say."""
    return [page.extract_text() for page in PdfReader(io.BytesIO(content(answer))).pages]


def scheduled(owner: PersonClient, **changes: Any) -> Any:
    """Has a report made by the clock, told to the owner."""
    place = Membership.objects.get(user=owner.user)
    wanted = {"kind": "members", "every": "month", "recipients": [str(place.pk)], **changes}
    return owner.post(path(owner, "report-schedules"), wanted)
