"""Whose a row is, by name: mechanisms keep the organization's id, for they stand below the app that knows it."""

from typing import Any, TypeVar, cast

from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.contrib.admin.templatetags.admin_urls import admin_urlname
from django.db import models
from django.db.models import OuterRef, Subquery
from django.urls import reverse
from django.utils.html import format_html

M = TypeVar("M", bound=models.Model)
FIELD = "organization_id"


def is_kept_by_id(model: type[models.Model]) -> bool:
    """Whether a row has the id and no relation."""
    return any(field.name == FIELD for field in model._meta.fields)


def named(rows: "models.QuerySet[M]") -> "models.QuerySet[M]":
    """The same rows, each with the name of its organization, by the same statement."""
    if not is_kept_by_id(rows.model):
        return rows
    found = _organization()._base_manager.filter(pk=OuterRef(FIELD)).values("name")
    return cast("models.QuerySet[M]", rows.annotate(organization_name=Subquery(found[:1])))


def name_of(row: Any) -> str:
    """Its organization's name; an organization that is no more is still its id."""
    return str(getattr(row, "organization_name", None) or row.organization_id)


@admin.display(description="Organization", ordering=FIELD)
def shown(row: Any) -> Any:
    """The name, which leads to the organization's page."""
    if row.organization_id is None:
        return None
    page = reverse(admin_urlname(_organization()._meta, "change"), args=[row.organization_id])  # type: ignore[arg-type]
    return format_html('<a href="{}" class="text-link">{}</a>', page, name_of(row))


shown.__name__ = FIELD


def _organization() -> type[models.Model]:
    return apps.get_model(settings.ORGANIZATION_MODEL)
