"""The page by which the reader of an invitation wants no more of them."""

import re

import pytest
from django.core import mail as outbox

from orgs.models import Invitation, InvitationStop
from orgs.services import invitations
from orgs.services.invitations import Wanted
from platform_core.errors import Conflict
from platform_core.models import AuditEvent, Mail
from platform_core.services import mail
from tests import make
from tests.clients import PersonClient
from tests.pages import Browser

NORA = "nora@example.test"


def invited(owner: PersonClient, email: str = NORA) -> str:
    """Invite somebody; where the mail leads who wants no more."""
    invitations.add(owner.organization, Wanted(email), by=owner.user)
    sent = Mail.objects.filter(to=email).latest("created_at")
    found = re.search(r"http://[^/]+(/invitations/stop/\S+)", sent.text)
    assert found is not None
    assert sent.unsubscribe_url.endswith(found[1])
    assert f'href="{sent.unsubscribe_url}"' in sent.html
    return found[1]


def told() -> list[str]:
    return list(
        AuditEvent.objects.filter(action__startswith="invitation.")
        .order_by("created_at", "pk")
        .values_list("action", flat=True)
    )


def test_whoever_wants_no_more_is_not_invited_again(owner: PersonClient) -> None:
    path, reader = invited(owner), Browser()

    assert reader.read(path).heading == "Was that not for you?"
    assert not InvitationStop.objects.exists()
    assert reader.send(path).heading == reader.read(path).heading == "No more invitations"

    assert Invitation.objects.get().state == "revoked"
    with pytest.raises(Conflict, match="wants no invitations of yours"):
        invitations.add(owner.organization, Wanted(f" {NORA.upper()}"), by=owner.user)
    answer = owner.post(f"/api/v1/organizations/{owner.organization.pk}/invitations", {"csv": f"email\n{NORA}\n"})
    assert (answer.status_code, Mail.objects.count()) == (400, 1)
    assert "Line 2, nora@example.test: This address wants no invitations" in str(answer.json()["details"])
    event = AuditEvent.objects.get(action="invitation.stop")
    assert (event.organization_id, event.actor_type, event.ip_address) == (owner.organization.pk, "system", None)
    assert NORA not in str(InvitationStop.objects.values())


def test_another_organization_and_another_address_are_not_meant(owner: PersonClient, outsider: PersonClient) -> None:
    Browser().send(invited(owner))

    invited(outsider)
    invited(owner, "norma@example.test")

    assert InvitationStop.objects.count() == 1


def test_said_twice_is_said_once_and_it_can_be_taken_back(owner: PersonClient) -> None:
    path, reader = invited(owner), Browser()

    for form in ({}, {}, {"allow": "yes"}, {"allow": "yes"}):
        assert reader.send(path, **form).status == 200

    assert told() == ["invitation.create", "invitation.stop", "invitation.allow"]
    assert reader.read(path).heading == "Was that not for you?"
    invited(owner)


def test_mail_programs_offer_it_and_do_it_by_themselves(owner: PersonClient) -> None:
    path = invited(owner)

    assert mail.send_one("worker")

    headers = outbox.outbox[0].extra_headers
    assert headers["List-Unsubscribe"].endswith(f"{path}>")
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    program = Browser(enforce_csrf_checks=True)
    assert program.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert InvitationStop.objects.count() == 1


def test_other_mail_has_no_such_header() -> None:
    make.mail()

    assert mail.send_one("worker")

    assert list(outbox.outbox[0].extra_headers) == ["Message-ID"]


@pytest.mark.parametrize("token", ["x", "x:y:z"])
def test_any_other_link_is_none(token: str) -> None:
    assert Browser().read(f"/invitations/stop/{token}").status == 404
    assert Browser().send(f"/invitations/stop/{token}").status == 404
