"""`manage.py audit`: what it prints, and how it ends."""

from io import StringIO
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command

from orgs.models import Organization
from platform_core.models import AuditChain, AuditCheckpoint, AuditEvent
from tests import make


def run(*arguments: str) -> tuple[str, str, int]:
    out, err, code = StringIO(), StringIO(), 0
    try:
        call_command("audit", *arguments, stdout=out, stderr=err)
    except SystemExit as end:
        code = int(end.code or 0)
    return out.getvalue(), err.getvalue(), code


def test_sealing_signing_and_verifying(organization: Organization) -> None:
    make.audit_event(organization)
    assert run("seal") == ("1 events sealed.\n", "", 0)
    assert run("checkpoint") == ("1 chains signed.\n", "", 0)
    make.audit_event(organization)

    out, _, code = run("verify")

    assert code == 0
    assert out == f"ok      record of {organization.pk}: holds (1 events, 1 checkpoints, 1 not sealed yet)\n"
    assert AuditCheckpoint.objects.count() == 1
    assert AuditEvent.objects.unsealed().count() == 1


def test_a_broken_chain_ends_with_1_and_the_others_are_told_too(organization: Organization) -> None:
    make.sealed_chain(organization, 2)
    other = make.organization()
    make.sealed_chain(other, 1)
    AuditChain.objects.filter(pk=organization.pk).update(hash="b" * 64)

    out, _, code = run("verify")

    assert code == 1
    assert f"BROKEN  record of {organization.pk}: The chain's head is not event 2. (2 events" in out
    assert f"ok      record of {other.pk}: holds" in out
    assert run("verify", "--organization", str(other.pk))[2] == 0


def test_nothing_to_look_at_ends_with_2() -> None:
    unknown = str(uuid4())

    assert run("verify", "--organization", unknown) == ("", f"Nothing is recorded of an organization {unknown}.\n", 2)


def test_an_action_is_named() -> None:
    with pytest.raises(CommandError):
        run()
