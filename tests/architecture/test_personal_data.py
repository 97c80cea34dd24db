"""A person's own data leaves with them: every model that points at people is in the export, or says why not."""

import pytest
from django.apps import apps
from django.conf import settings
from django.db import models

from identity.personal_data import Part
from platform_core import tables
from platform_core.admin.base import is_secret

PARTS: list[Part] = tables.entries("PERSONAL_DATA")
EXPORTED = {part.model._meta.label for part in PARTS}
# Models that point at people and hold nothing to take away, and why.
NOT_PERSONAL = {
    "admin.LogEntry": "the log of Django, in whose place our events stand: nothing is written to it",
    "identity.TotpDevice": "a secret; when it was set up and removed is among the events",
    "identity.PasskeyChallenge": "random questions that live for five minutes",
    "identity.MailedCode": "a digest that lives for minutes; that it was mailed is among the mail",
    "identity.PasswordLink": "a digest; that it was mailed is among the mail",
    "identity.PendingSignIn": "a sign-in that was not finished, for five minutes",
    "orgs.Invitation": "whom they invited is the organization's; that they did is among the events",
    "orgs.Report": "the organization's; that they asked for it is among the events",
    "billing.Refund": "the organization's; that staff asked for it is among the events",
    "billing.WalletGrant": "the organization's; that staff granted it is among the events",
    "billing.ReconciliationFinding": "the organization's money; that staff settled it is among the events",
    "billing.PlanMigration": "the platform's; that staff began it is among the events",
    "identity.Setup": "the platform's own first start",
}


def points_at_people(model: type[models.Model]) -> bool:
    related = {field.related_model for field in model._meta.fields if field.is_relation}
    return apps.get_model(settings.AUTH_USER_MODEL) in related


POINTING = [model for model in apps.get_models() if points_at_people(model)]


@pytest.mark.parametrize("model", POINTING, ids=lambda model: model._meta.label)
def test_a_model_about_people_is_exported_or_says_why_not(model: type[models.Model]) -> None:
    assert (model._meta.label in EXPORTED) != (model._meta.label in NOT_PERSONAL)


def test_nothing_is_excused_that_is_gone() -> None:
    assert set(NOT_PERSONAL) <= {model._meta.label for model in POINTING}


def test_each_file_has_its_own_name() -> None:
    names = [part.name for part in PARTS]

    assert len(set(names)) == len(names)


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_no_secret_is_in_it(part: Part) -> None:
    from tests.architecture import world  # noqa: PLC0415 - makes rows only where a test asks for them

    owner = world.build().owner
    secrets = {field.name for field in part.model._meta.fields if is_secret(field)}

    rows = part.rows(owner)

    held = rows if isinstance(rows, list) else [rows]
    assert [name for row in held for name in row if name in secrets] == []
