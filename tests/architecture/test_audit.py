"""The watch over writes is awake: it refuses a silent one, and only that."""

from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.views import View

from orgs.models import Product
from platform_core.services import audit
from tests import make
from tests.audited import TELL_THEMSELVES, Unaudited, WritesLeaveEvents


class Silent(View):
    """Writes, and may."""

    unaudited = {"POST": "the row tells of itself"}


def request(method: str = "POST", *, view: type[View] = View) -> HttpRequest:
    made = RequestFactory().generic(method, "/anything")

    class Match:
        func = staticmethod(view.as_view())

    made.resolver_match = Match()  # type: ignore[assignment]
    return made


def answer(asked: HttpRequest, write: Callable[[], Any], status: int = 200) -> HttpResponse:
    def respond(_: HttpRequest) -> HttpResponse:
        write()
        return HttpResponse(status=status)

    return WritesLeaveEvents(respond)(asked)


def rename() -> None:
    Product.objects.update(name="Renamed")


def rename_audited() -> None:
    with transaction.atomic():
        rename()
        audit.record("product.update", make.product(), by=None)


@pytest.mark.parametrize("write", [rename, make.product, Product.objects.all().delete])
def test_a_silent_write_is_refused(write: Callable[[], Any]) -> None:
    make.product()

    with pytest.raises(Unaudited, match="orgs_product"):
        answer(request(), write)


def test_an_audited_write_passes() -> None:
    assert answer(request(), rename_audited).status_code == 200


def test_a_view_may_say_why_it_is_silent() -> None:
    make.product()

    assert answer(request(view=Silent), rename).status_code == 200

    with pytest.raises(Unaudited):
        answer(request("PUT", view=Silent), rename)


def test_what_is_refused_or_read_or_meets_no_row_is_not_asked_for() -> None:
    assert answer(request(), rename).status_code == 200
    make.product()
    assert answer(request(), rename, status=409).status_code == 409
    assert answer(request("GET"), rename).status_code == 200
    assert answer(request(), Product.objects.count).status_code == 200


def test_every_table_that_tells_of_itself_is_there() -> None:
    tables = {model._meta.db_table for model in apps.get_models()}

    assert tables >= TELL_THEMSELVES - {"cache"}


def test_signing_in_tells_of_itself() -> None:
    def sign_in() -> None:
        with connection.cursor() as cursor:
            cursor.execute('UPDATE "identity_user" SET "last_login" = NULL')

    assert answer(request(), sign_in).status_code == 200


def test_the_watch_stands_in_front_of_every_view(settings: Any) -> None:
    assert settings.MIDDLEWARE[-1] == "tests.audited.WritesLeaveEvents"
