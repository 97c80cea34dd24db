"""Whatever is asked of a page of the console, staff get a page: no question and no choice is an error of ours."""

from collections.abc import Iterator

import pytest
from django.contrib import admin
from django.db import models
from django.urls import reverse

from platform_core.admin.base import StaffModelAdmin
from tests import make
from tests.pages import Browser

REGISTERED = sorted(admin.site._registry, key=lambda model: model._meta.label)
# What no column of its kind can hold.
YEARS = ("{0}__year=99999999", "{0}__year=0&{0}__month=13&{0}__day=99")
KEYS = ("zz", "9" * 20, "")


@pytest.fixture
def boss() -> Browser:
    """Staff who may do everything; an error of ours is an answer, as it is for them."""
    return Browser(make.user(is_staff=True, is_superuser=True), raise_request_exception=False)


def list_of(model: type[models.Model]) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def dated() -> Iterator[str]:
    """Of each list that can be narrowed by a day, two questions."""
    for model in REGISTERED:
        fields = [field.name for field in model._meta.concrete_fields if isinstance(field, models.DateField)]
        yield from (f"{list_of(model)}?{year.format(fields[0])}" for year in YEARS if fields)


def operated() -> Iterator[tuple[str, str]]:
    """Of each list from which rows are chosen, the address and what is done with them."""
    for model, page in admin.site._registry.items():
        assert isinstance(page, StaffModelAdmin)
        names = [each.name for each in page.operations if each.question is None]
        yield from ((list_of(model), name) for name in names[:1])


def test_a_year_that_no_date_can_hold_shows_the_whole_list(boss: Browser) -> None:
    asked = list(dated())
    answers = [(each, boss.get(each)) for each in asked]

    assert len(asked) > 100
    whole = [(each, (302, f"{each.partition('?')[0]}?e=1")) for each in asked]
    assert [(each, (answer.status_code, answer["Location"])) for each, answer in answers] == whole


def test_a_key_that_no_row_can_have_chooses_none(boss: Browser) -> None:
    chosen = list(operated())
    assert len(chosen) > 10

    for key in KEYS:
        for path, name in chosen:
            answer = boss.post(path, {"action": name, "_selected_action": key})
            assert (path, answer.status_code, answer["Location"]) == (path, 302, path)
            assert b"There is no such row." in boss.get(path).content


def test_no_row_has_a_page_on_another_site(boss: Browser) -> None:
    assert boss.get("/admin/r/1/1/").status_code == 404
