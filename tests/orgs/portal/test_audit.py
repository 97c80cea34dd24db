"""The audit log's pages."""

import re
from typing import Any
from urllib.parse import urlencode

import pytest
from django.utils.html import escape

from orgs.models import Organization
from orgs.roles import Role
from platform_core import clock, selectors, worker
from platform_core.models import AuditChain, AuditEvent, AuditExport, AuditStream
from platform_core.services import audit_sealing
from tests import make
from tests.clients import PersonClient

LOG = "/audit-log"
FORM = "application/x-www-form-urlencoded"


def text(answer: Any) -> str:
    assert answer.status_code == 200, answer.status_code
    return str(answer.content.decode())


def send(client: PersonClient, path: str, **data: str) -> Any:
    return client.post(path, urlencode(data), FORM)


def test_what_happened_the_newest_first(organization: Organization, owner: PersonClient) -> None:
    make.audit_event(organization, "member.invite", by=owner.user, changes={"role": "admin"})
    audit_sealing.seal_all()
    make.audit_event(organization, "order.status", product="pages")

    page = text(owner.get(LOG))

    assert page.index("Order status") < page.index("Member invite")
    assert "owner@harbour.test" in page
    assert "· pages" in page
    assert ">Soon<" in page
    assert f'title="{AuditChain.objects.get(pk=organization.pk).hash}">1<' in page


def test_one_event_with_all_that_it_tells(organization: Organization, owner: PersonClient) -> None:
    changes = {"name": ["Harbour", "Harbour Bakery"], "seat_limit": [None, 5], "tags": ["a", "b", "c"], "note": "new"}
    changes |= {
        "roles": [{}, {"pages": "editor"}],
        "required": [False, True],
    }
    event = make.audit_event(organization, "organization.update", by=owner.user, changes=changes, product="pages")
    page = text(owner.get(f"{LOG}/audit-events/{event.pk}"))
    assert "Soon sealed" in page
    assert "UTC UTC" not in re.sub("<[^>]+>", "", page)
    audit_sealing.seal_all()

    answer = owner.get(f"{LOG}/audit-events/{event.pk}")

    assert sorted(answer.context["changes"]) == [
        ("name", "Harbour", "Harbour Bakery"),
        ("note", "", "new"),
        ("required", "no", "yes"),
        ("roles", "", "pages: editor"),
        ("seat_limit", "", "5"),
        ("tags", "", "a, b, c"),
    ]
    sealed = AuditEvent.objects.get(pk=event.pk)
    shown = text(answer)
    words = ("Organization: Harbour Bakery", "owner@harbour.test", "pages", sealed.hash, str(organization.pk))
    assert [word for word in words if word not in shown] == []
    other = make.audit_event(make.organization())
    assert owner.get(f"{LOG}/audit-events/{other.pk}").status_code == 404


def test_nothing_yet(owner: PersonClient) -> None:
    assert "Nothing has happened yet." in text(owner.get(LOG))


def test_pages_follow_each_other(organization: Organization, owner: PersonClient) -> None:
    for number in range(30):
        make.audit_event(organization, f"thing.number_{number}")

    first = owner.get(LOG, {"action": "thing.*"})
    last = first.context["older"]
    make.audit_event(organization, "thing.number_30")
    second = owner.get(LOG, {"action": "thing.*", "before": str(last.pk)})

    assert [event.action for event in first.context["events"]] == [f"thing.number_{n}" for n in range(29, 4, -1)]
    assert [event.action for event in second.context["events"]] == [f"thing.number_{n}" for n in range(4, -1, -1)]
    assert (second.context["older"], "Newest" in text(second)) == (None, True)
    assert f"?action=thing.%2A&amp;before={last.pk}" in text(first)


@pytest.mark.parametrize("before", ["nonsense", "0190a5d0-0000-7000-8000-000000000001"])
def test_a_page_behind_no_event_of_ours_does_not_exist(owner: PersonClient, before: str) -> None:
    assert owner.get(LOG, {"before": before}).status_code == 404


def test_filters(organization: Organization, owner: PersonClient) -> None:
    make.audit_event(organization, "member.invite")
    make.audit_event(organization, "order.status")
    today = clock.today().isoformat()

    def found(**asked: str) -> list[str]:
        return [event.action for event in owner.get(LOG, asked).context["events"]]

    assert found(action="member.*", since=today, until=today, entity_type="orgs.organization") == ["member.invite"]
    assert found(until="2020-01-01") == []
    assert "fits this filter" in text(owner.get(LOG, {"text": "nothing"}))
    answer = owner.get(LOG, {"since": "soon", "entity_type": "ships"})
    assert (answer.status_code, answer.context["form"].errors.keys()) == (400, {"since", "entity_type"})


def test_what_somebody_is_called_is_text(organization: Organization, owner: PersonClient) -> None:
    name = '<script>alert("x")</script>'
    organization.name = name
    organization.save()
    make.audit_event(organization, changes={"name": name})

    page = text(owner.get(LOG))

    assert name not in page
    assert escape(name) in page


def test_only_whoever_may_read_it(organization: Organization, owner: PersonClient) -> None:
    billing = PersonClient(make.person(organization, Role.BILLING), organization)
    export, stream = make.audit_export(organization), make.audit_stream(organization)

    for path in ("", "/exports", "/settings", f"/audit-exports/{export.pk}", f"/audit-streams/{stream.pk}"):
        assert billing.get(LOG + path).status_code == 403
    assert "Audit log" not in text(billing.get("/members"))
    assert "Audit log" in text(owner.get("/members"))


def test_an_export_from_the_button_to_the_file(organization: Organization, owner: PersonClient) -> None:
    make.sealed_chain(organization, 2)
    page = text(owner.get(LOG, {"action": "thing.number_1"}))
    assert '<input type="hidden" name="action" value="thing.number_1">' in page

    answer = send(owner, LOG + "/exports", action="thing.number_1", format="jsonl")

    assert answer.headers["Location"] == LOG + "/exports"
    waiting = text(owner.get(LOG + "/exports"))
    assert 'hx-trigger="every 1s"' in waiting
    assert "0%" in waiting
    while worker.round("test"):
        pass
    done = text(owner.get(LOG + "/exports"))
    export = AuditExport.objects.get()
    assert "hx-trigger" not in done
    assert f"{LOG}/audit-exports/{export.pk}" in done
    file: Any = owner.get(f"{LOG}/audit-exports/{export.pk}", follow=True)
    assert b"".join(file.streaming_content).count(b"\n") == 1


def test_an_export_that_cannot_be(organization: Organization, owner: PersonClient) -> None:
    assert "cannot be used" in text(owner.post(LOG + "/exports", "since=soon&format=csv", FORM, follow=True))
    for _ in range(4):
        answer = owner.post(LOG + "/exports", "format=csv", FORM, follow=True)

    assert "put together already" in text(answer)
    assert AuditExport.objects.count() == 3
    for status in ("failed", "expired"):
        make.audit_export(organization, status=status)
    page = text(owner.get(LOG + "/exports"))
    assert "Failed" in page
    assert "Expired" in page


def test_no_exports_yet(owner: PersonClient) -> None:
    assert "No exports yet" in text(owner.get(LOG + "/exports"))


def test_how_long_it_is_kept(organization: Organization, owner: PersonClient, member: PersonClient) -> None:
    answer = send(owner, LOG + "/settings", retention_days="90", legal_hold="on")

    chain = AuditChain.objects.get(pk=organization.pk)
    assert (answer.status_code, chain.retention_days, chain.legal_hold) == (302, 90, True)
    assert "Legal hold" in text(owner.get(LOG + "/settings"))
    assert send(owner, LOG + "/settings", retention_days="5").status_code == 400
    send(owner, LOG + "/settings")
    chain.refresh_from_db()
    assert (chain.retention_days, chain.legal_hold) == (None, False)
    assert send(member, LOG + "/settings", retention_days="60").status_code == 403
    assert "<dd>forever</dd>" in text(member.get(LOG + "/settings"))


def test_a_stream_from_its_address_to_its_end(
    organization: Organization, owner: PersonClient, member: PersonClient
) -> None:
    assert "begins with https" in text(owner.get(LOG + "/audit-streams/new"))
    made = text(
        send(owner, LOG + "/audit-streams/new", url="https://siem.example.com/", authorization="Bearer hunter2")
    )
    stream = AuditStream.objects.get()
    page = f"{LOG}/audit-streams/{stream.pk}"
    assert stream.endpoint.secrets in made

    shown = text(owner.get(page)) + text(owner.get(LOG + "/settings")) + text(member.get(page))
    assert stream.endpoint.secrets not in shown
    assert "hunter2" not in shown

    assert "on its way" in text(owner.post(page, "do=test", FORM, follow=True))
    send(owner, page, do="paused")
    assert "not active" in text(owner.post(page, "do=test", FORM, follow=True))
    send(owner, page, do="active")
    renewed = text(send(owner, page, do="secret"))
    assert AuditStream.objects.get().endpoint.secrets.split()[0] in renewed
    send(owner, page, url="https://siem.example.com/2")
    changed = AuditStream.objects.get()
    assert (changed.endpoint.url, changed.authorization) == ("https://siem.example.com/2", "Bearer hunter2")
    assert send(owner, page, url="https://10.0.0.1/").status_code == 400
    assert send(owner, page, url="no address").status_code == 400
    assert send(member, page, do="delete").status_code == 403
    send(owner, page, do="delete")
    assert owner.get(page).status_code == 404


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({"status": "failed", "error": "HTTP 410"}, ["Failed", "Nothing is sent any more.", "HTTP 410"]),
        ({"failure_count": 2, "error": "HTTP 500"}, ["Trying again", "The last try failed."]),
        ({"test_error": "HTTP 401"}, ["HTTP 401"]),
        ({"tested_at": clock.wall()}, ["Arrived"]),
    ],
)
def test_how_a_stream_does(
    organization: Organization, owner: PersonClient, fields: dict[str, Any], shown: list[str]
) -> None:
    page = text(owner.get(f"{LOG}/audit-streams/{make.audit_stream(organization, **fields).pk}"))

    assert [words for words in shown if words not in page] == []


def test_where_a_stream_may_not_go(organization: Organization, owner: PersonClient) -> None:
    assert send(owner, LOG + "/audit-streams/new", url="http://siem.example.com/").status_code == 400
    assert send(owner, LOG + "/audit-streams/new", url="").status_code == 400
    for _ in range(5):
        make.audit_stream(organization)
    full = send(owner, LOG + "/audit-streams/new", url="https://siem.example.com/")
    assert (full.status_code, "at most 5 streams" in full.content.decode()) == (400, True)
    assert not AuditEvent.objects.filter(action="audit_stream.create").exists()


def test_a_search_says_how_far_it_looked(
    organization: Organization, owner: PersonClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selectors, "LOOKED_THROUGH", 4)
    for number in range(10):
        make.audit_event(organization, "thing.needle" if number == 0 else "thing.hay", by=owner.user)

    first = owner.get(LOG, {"text": "needle"})
    second = owner.get(LOG, {"text": "needle", "before": str(first.context["edge"].pk)})
    third = owner.get(LOG, {"text": "needle", "before": str(second.context["edge"].pk)})

    assert [len(answer.context["events"]) for answer in (first, second, third)] == [0, 0, 1]
    assert "Nothing fits among the events down to" in text(first)
    assert "Look further" in text(first)
    assert third.context["older"] is None
    assert len(owner.get(LOG, {"actor": "owner@harbour.test"}).context["events"]) == 4
