"""The walk over the URL space."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from platform_core import routes

pytestmark = pytest.mark.urls("tests.platform_core.api.example")


def lines() -> list[str]:
    return routes.table().splitlines()


def test_a_line_tells_verb_path_class_and_rule() -> None:
    module = "tests.platform_core.api.example"

    assert f"GET    /api/v1/customer/orders/<uuid:pk>  {module}.OrderDetail  [customer]" in lines()
    assert f"PATCH  /api/v1/customer/orders/<uuid:pk>  {module}.OrderDetail  [customer]" in lines()


def test_a_verb_of_our_own_without_a_rule_is_shown_as_such() -> None:
    assert [line for line in lines() if "UNDECLARED" in line] == [
        "GET    /api/plain  tests.platform_core.api.example.Plain  [UNDECLARED]",
        "GET    /api/user/undeclared  tests.platform_core.api.example.Undeclared  [UNDECLARED]",
    ]


def test_a_verb_that_a_generic_view_brings_along_is_no_route() -> None:
    assert not [line for line in lines() if line.startswith("PUT") and "OrderDetail" in line]


def test_a_collection_stands_before_its_rows_and_get_before_post() -> None:
    paths = [line.rsplit("  ", 2)[0] for line in lines()]

    assert paths.index("GET    /api/v1/admin/products") < paths.index("POST   /api/v1/admin/products")
    assert paths.index("POST   /api/v1/admin/products") < paths.index("GET    /api/v1/admin/products/<uuid:pk>")


def test_pages_are_patterns_but_no_routes() -> None:
    assert "/page" in {path for path, _ in routes.patterns()}
    assert not [line for line in lines() if "/page" in line]


def test_the_command_prints_or_writes(settings: Any, tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    settings.BASE_DIR = tmp_path
    printed = StringIO()

    call_command("routes", stdout=printed)
    call_command("routes", "--write", stdout=StringIO())

    assert printed.getvalue() == routes.table()
    assert (tmp_path / "docs" / "routes.txt").read_text() == routes.table()
