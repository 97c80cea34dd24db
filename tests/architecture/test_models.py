"""Every model says whose its rows are, and its managers hold it."""

from collections.abc import Sequence
from typing import Any, cast
from uuid import uuid4

import pytest
from django.apps import apps
from django.db import models

from orgs.models import Product
from platform_core import routes, scoping
from platform_core.api.surfaces import CustomersSurface
from platform_core.scoping import Reached, Scoped, ScopedManager, ScopeMissing
from tests.architecture.source import APPS

MODELS = [model for model in apps.get_models() if model._meta.app_label in APPS]
SCOPED = [model for model in MODELS if issubclass(model, Scoped)]

# Tables without a scope, and why.
GLOBAL = {
    "platform_core.ProviderEvent": "a provider's event is read by workers before it is known whose it is",
    "platform_core.ProviderEventTry": "it belongs to a provider's event",
    "platform_core.ProviderObject": "what a provider's events are about, before it is known whose that is",
    "platform_core.ProviderCursor": "how far the platform has read a provider's lists",
    "billing.ReconciliationFinding": "what the provider has may be nobody's; staff only",
    "platform_core.Mail": "a message to a person, who may belong to no organization yet; workers only",
    "platform_core.CacheEntry": "Django's own table of the cache",
    "platform_core.RateCounter": "callers are counted before it is known whose they are",
    "platform_core.IdempotentRequest": "an answer is kept for whoever asked, before anything is done for anybody",
    "platform_core.AuditKey": "the platform's own keys",
    "platform_core.CronRun": "the platform's own schedule",
    "orgs.Product": "the catalog is the same for everybody",
    "billing.Consumer": "a product of ours; only its tenants belong to organizations",
    "billing.Plan": "the catalog is the same for everybody",
    "billing.PlanVersion": "the catalog is the same for everybody",
    "billing.Coupon": "the catalog is the same for everybody",
    "billing.Price": "the catalog is the same for everybody",
    "billing.LegalEntity": "the platform's own company",
    "billing.TaxRate": "taxes are the same for everybody",
    "billing.PlanMigration": "it moves subscribers of many organizations; each one's part is theirs",
    "identity.User": "a person may belong to many organizations, or to none",
    "identity.SigningKey": "the platform's own keys",
    "identity.Session": "a sign-in belongs to a person",
    "identity.BrowserSession": "a browser carries a sign-in",
    "identity.Setup": "the platform's own first start",
    "identity.ExchangeToken": "it belongs to a sign-in",
    "identity.StaffInvitation": "an address that may become the platform's own staff",
    "identity.MailedCode": "a code belongs to a person",
    "identity.DataExport": "a person's own data",
    "identity.AnalyticsEvent": "what a person did, wherever they worked",
    "identity.UserActivity": "a person's day, wherever they worked",
    "identity.PasswordLink": "a link belongs to a person",
    "identity.PendingSignIn": "it is to become a sign-in of a person",
    "identity.StepUp": "it belongs to a sign-in",
    "identity.TotpDevice": "what protects a person's account is theirs",
    "identity.Passkey": "what protects a person's account is theirs",
    "identity.PasskeyChallenge": "a question to a person, or to nobody known yet",
    "tenants.FleetWatch": "the platform's own watch over all servers",
}
# The last three are names that Django gives.
TIME_ENDINGS = (
    "_at",
    "at",
    "_start",
    "_end",
    "_after",
    "_until",
    "_from",
    "_hour",
    "last_login",
    "expires",
    "expire_date",
)
# Managers that see every organization, and why.
UNSCOPED = {"orgs.Membership.ALL": "reading one's own memberships is how a scope is found"}


def each(chosen: Sequence[type[models.Model]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("model", chosen, ids=[model._meta.label for model in chosen])


@each(MODELS)
def test_a_model_is_some_organizations_or_says_why_not(model: type[models.Model]) -> None:
    assert issubclass(model, (Scoped, Reached)) != (model._meta.label in GLOBAL)


def test_nothing_is_excused_that_is_gone() -> None:
    assert set(GLOBAL) <= {model._meta.label for model in MODELS}


@each(SCOPED)
def test_managers_of_a_scoped_model_hold_the_scope(model: type[models.Model]) -> None:
    assert isinstance(model._default_manager, ScopedManager)
    names = {f"{model._meta.label}.{manager.name}": manager for manager in model._meta.managers}
    assert {name for name, manager in names.items() if not isinstance(manager, ScopedManager)} <= set(UNSCOPED)


@each(SCOPED)
def test_without_a_scope_there_is_no_answer(model: type[models.Model]) -> None:
    with scoping.using(None), pytest.raises(ScopeMissing):
        model._default_manager.exists()


@each(SCOPED)
def test_the_path_to_the_organization_can_be_followed(model: type[models.Model]) -> None:
    with scoping.organization(uuid4()):
        assert not model._default_manager.exists()


LISTED = {
    serializer.Meta.model
    for _, view in routes.api_patterns()
    if issubclass(view, CustomersSurface)
    and (serializer := getattr(view, "serializer_class", None)) is not None
    and hasattr(serializer, "Meta")
}


@each([model for model in SCOPED if model in LISTED])
def test_what_customers_are_shown_says_to_whom(model: type[models.Model]) -> None:
    assert hasattr(model._default_manager.all(), "visible_to")


@each(MODELS)
def test_money_and_usage_are_integers(model: type[models.Model]) -> None:
    inexact = (models.FloatField, models.DecimalField)

    assert [field.name for field in model._meta.fields if isinstance(field, inexact)] == []


@each(MODELS)
def test_times_come_from_our_clock(model: type[models.Model]) -> None:
    automatic = [field for field in model._meta.fields if getattr(field, "auto_now", False)]
    automatic += [field for field in model._meta.fields if getattr(field, "auto_now_add", False)]

    assert automatic == []


@each(MODELS)
def test_names_tell_the_kind(model: type[models.Model]) -> None:
    """Times end in _at (or tell a period's end), dates in _on, amounts in _minor."""
    times = [f.name for f in model._meta.fields if type(f) is models.DateTimeField]
    dates = [f.name for f in model._meta.fields if type(f) is models.DateField]

    assert [name for name in times if not name.endswith(TIME_ENDINGS)] == []
    assert [name for name in dates if not name.endswith("_on")] == []


def _leads_to_a_product(model: type[models.Model], seen: frozenset[type[models.Model]] = frozenset()) -> bool:
    parents = (
        {cast("type[models.Model]", field.related_model) for field in model._meta.concrete_fields if field.is_relation}
        - seen
        - {model}
    )
    return model is Product or any(_leads_to_a_product(parent, seen | {model}) for parent in parents)


def test_rows_of_a_product_say_which_so_that_events_can_be_asked_for_by_it() -> None:
    # The record tells nothing of these by themselves: their server does.
    silent = {"ServerBeat", "ServerStatus"}

    leading: set[Any] = {model for model in MODELS if _leads_to_a_product(model)}

    assert {model.__name__ for model in leading if not hasattr(model, "product_path")} == silent
    for model in leading:
        if hasattr(model, "product_path"):
            with scoping.system():
                assert list(model._base_manager.values_list(model.product_path)[:1]) == []
