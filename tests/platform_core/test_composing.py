"""What is kept of a statement is what Django composes anew."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.apps import apps
from django.db import connections, models, router
from django.db.models import F, Value
from django.db.models.functions import Lower
from django.db.models.sql.compiler import SQLCompiler

from billing.models import Invoice, Plan
from orgs.models import Organization
from platform_core import composing
from tests import make

MODELS = [each for each in apps.get_models(include_auto_created=True) if each._meta.managed]


def compiler_of(rows: "models.QuerySet[Any, Any]") -> Any:
    return rows.query.get_compiler(rows.db)


def composed(rows: "models.QuerySet[Any, Any]") -> Any:
    return compiler_of(rows.all()).as_sql()


def composed_by_django(rows: "models.QuerySet[Any, Any]", monkeypatch: pytest.MonkeyPatch) -> Any:
    with monkeypatch.context() as as_it_was:
        for name, by_django in composing.DJANGO.items():
            as_it_was.setattr(SQLCompiler, name, by_django)
        return compiler_of(rows.all()).as_sql()


def read_by(converters: composing.Converters) -> Any:
    """Where, by which functions and as what; some of Django's are made anew each time."""
    return [(place, [each.__qualname__ for each in functions], as_) for place, (functions, as_) in converters.items()]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_whole_rows_are_asked_for_and_read_as_by_django(
    model: type[models.Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = model._base_manager.using(router.db_for_read(model)).order_by("pk")

    assert [composed(rows), composed(rows)] == [composed_by_django(rows, monkeypatch)] * 2

    compiler = compiler_of(rows)
    select, info, annotations = compiler.get_select()
    columns = [column for column, _, _ in select]
    assert (select, info, annotations) == composing._select(compiler)
    kept, by_django = compiler.get_converters(columns), composing._converters(compiler, columns)
    assert compiler.get_converters(columns) is kept
    assert read_by(kept) == read_by(by_django)


def test_each_answer_is_a_list_of_its_own() -> None:
    compiler = compiler_of(Plan.objects.all())
    compiler.get_select()[0].clear()
    compiler.get_select()[1]["select_fields"].clear()

    select, info, _ = compiler.get_select()
    assert len(select) == len(info["select_fields"]) == len(Plan._meta.concrete_fields)


def test_what_is_more_than_whole_rows_is_asked_for_as_by_django(monkeypatch: pytest.MonkeyPatch) -> None:
    plans = Plan.objects.order_by("code")
    for rows in (
        plans.select_related("product"),
        plans.annotate(one=Value(1), low=Lower("name")).order_by("low", "-one", "name"),
        plans.only("code"),
        plans.defer("name"),
        plans.values("name", "code").order_by("code", "-name"),
        plans.values_list("name", named=True).annotate(number=models.Count("prices")).order_by("-number"),
        Plan.objects.order_by().union(Plan.objects.filter(code="a").order_by()).order_by("name"),
        plans.filter(pk__in=plans.filter(code="a")).reverse(),
        plans.distinct().order_by("product__code", "-name"),
        plans.order_by(F("rank").desc(nulls_last=True), Lower("code"), "name"),
        plans.extra(select={"low": "lower(name)"}, order_by=["low"]),
        Invoice.objects.filter(organization__in=Organization.objects.filter(name="a")).order_by(),
        Invoice.objects.dates("issued_at", "day"),
    ):
        assert composed(rows) == composed_by_django(rows, monkeypatch)


def test_a_field_that_is_added_is_asked_for() -> None:
    class Grown(models.Model):  # noqa: DJ008 - nobody reads it
        class Meta:
            app_label = "platform_core"

    try:
        assert "colour" not in str(Grown._base_manager.all().query)
        Grown.add_to_class("colour", models.CharField(max_length=8))
        assert '"colour"' in str(Grown._base_manager.all().query)
    finally:
        del apps.all_models["platform_core"]["grown"]
        apps.clear_cache()


def test_rows_are_read_with_the_columns_that_were_asked_for() -> None:
    now = datetime(2026, 1, 2, tzinfo=UTC)
    organization = make.organization("Harbour Bakery")
    Organization.objects.filter(pk=organization.pk).update(created_at=now)

    for _ in range(2):
        found = Organization._base_manager.get(pk=organization.pk)
        assert (found.pk, found.name, found.created_at) == (organization.pk, "Harbour Bakery", now)
        assert Organization._base_manager.values_list("created_at", "name", "pk").get(pk=organization.pk) == (
            now,
            "Harbour Bakery",
            organization.pk,
        )


@pytest.mark.sqlite
def test_question_marks_stand_where_the_values_go() -> None:
    with connections["default"].cursor() as cursor:
        for value in (1, 2):
            cursor.execute("SELECT %s, '%%s', '%%'", [value])
            assert cursor.fetchone() == (value, "%s", "%")
            cursor.execute("SELECT %(second)s, %(first)s", {"first": 1, "second": value})
            assert cursor.fetchone() == (value, 1)
