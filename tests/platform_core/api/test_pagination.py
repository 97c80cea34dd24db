"""Pages by number and by cursor."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import signing
from django.core.exceptions import ImproperlyConfigured
from django.db.models import F
from hypothesis import given, settings
from hypothesis import strategies as st
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from orgs.models import Membership, Organization, Product
from orgs.roles import Role
from platform_core.api.pagination import CursorPage, OffsetPage
from platform_core.models import AuditEvent, Job, JobLog
from tests import make
from tests.clients import PersonClient
from tests.conftest import StaffClient

pytestmark = pytest.mark.urls("tests.platform_core.api.example")
NUMBERED = "/api/v1/admin/products"
FOLLOWED = "/api/admin/members"


@pytest.fixture
def staff(as_staff: StaffClient) -> PersonClient:
    """May list products and members."""
    return as_staff("orgs.view_product", "orgs.view_membership")


def products(count: int) -> None:
    for number in range(count):
        make.product(f"p-{number:03}", name=f"{number:03}")


def test_a_page_has_twenty_five_rows_and_says_how_many_there_are(staff: PersonClient) -> None:
    products(26)

    first = staff.get(NUMBERED).json()
    second = staff.get(NUMBERED, {"page": "2"}).json()

    assert first["meta"] == {"page": 1, "pageSize": 25, "total": 26}
    assert [row["name"] for row in first["data"]] == [f"{number:03}" for number in range(25)]
    assert second["meta"] == {"page": 2, "pageSize": 25, "total": 26}
    assert [row["code"] for row in second["data"]] == ["p-025"]


def test_the_caller_chooses_the_size(staff: PersonClient) -> None:
    products(5)

    answer = staff.get(NUMBERED, {"page": "3", "pageSize": "2"}).json()

    assert answer["meta"] == {"page": 3, "pageSize": 2, "total": 5}
    assert [row["code"] for row in answer["data"]] == ["p-004"]


def test_an_empty_list_is_one_empty_page(staff: PersonClient) -> None:
    assert staff.get(NUMBERED).json() == {
        "success": True,
        "data": [],
        "meta": {"page": 1, "pageSize": 25, "total": 0},
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("page", "0"),
        ("page", "-1"),
        ("page", "2"),
        ("page", "x"),
        ("page", ""),
        ("page", "1.0"),
        ("page", "9" * 40),
        ("page", "\N{ARABIC-INDIC DIGIT ONE}"),
        ("pageSize", "0"),
        ("pageSize", "101"),
        ("pageSize", "all"),
    ],
)
def test_a_number_out_of_range_is_named(staff: PersonClient, name: str, value: str) -> None:
    answer = staff.get(NUMBERED, {name: value})

    assert answer.status_code == 400
    assert [detail["field"] for detail in answer.json()["error"]["details"]] == [name]


def test_rows_that_are_level_still_have_an_order() -> None:
    for _ in range(4):
        make.product(name="Same")

    pages = [_numbered(Product.objects.order_by("name"), page=page) for page in (1, 2)]

    assert [row.pk for page in pages for row in page] == sorted(Product.objects.values_list("pk", flat=True))


def test_a_page_far_behind_goes_on_where_the_one_before_it_ended() -> None:
    Product.objects.bulk_create(Product(code=f"p-{number:04}", name=f"{number % 2}") for number in range(1005))
    found = Product.objects.order_by("-name").prefetch_related("grants")

    before, behind, last = (_numbered(found, page=page) for page in (500, 501, 503))

    expected = list(Product.objects.order_by("-name", "pk"))
    assert (before, behind, last) == (expected[998:1000], expected[1000:1002], expected[1004:])


def _request(**query: Any) -> Request:
    return Request(APIRequestFactory().get("/", query))


def _numbered(queryset: Any, page: int) -> Any:
    return OffsetPage().paginate_queryset(queryset, _request(page=page, pageSize=2))


def test_an_expression_is_no_order_of_pages() -> None:
    with pytest.raises(ImproperlyConfigured, match="names of columns"):
        _numbered(Product.objects.order_by(F("name").asc()), page=1)


def follow(queryset: Any, limit: int) -> list[list[Any]]:
    """Every page, from the first to the one without a cursor."""
    pages: list[list[Any]] = []
    query: dict[str, Any] = {"limit": limit}
    while True:
        page = CursorPage()
        pages.append(page.paginate_queryset(queryset, _request(**query)))
        cursor = page.meta["nextCursor"]
        if cursor is None:
            return pages
        query["cursor"] = cursor


@settings(max_examples=20)
@given(kinds=st.lists(st.tuples(st.sampled_from(Role.values), st.integers(0, 2)), max_size=7), limit=st.integers(1, 4))
@pytest.mark.parametrize("order", [["-role", "created_at"], ["created_at", "-pk"], ["-created_at"], ["id"], []])
def test_following_cursors_gives_every_row_once_and_in_order(
    organization: Organization, order: list[str], kinds: list[tuple[str, int]], limit: int
) -> None:
    Membership.objects.all().delete()
    for role, days in kinds:
        row = make.membership(organization, role=Role(role))
        Membership.objects.filter(pk=row.pk).update(
            created_at=row.created_at.replace(microsecond=0, second=0) - timedelta(days=days)
        )
    queryset = Membership.objects.order_by(*order)

    pages = follow(queryset, limit)

    total = order if order and order[-1].lstrip("-") in {"pk", "id"} else [*order, "pk"]
    assert [row for page in pages for row in page] == list(queryset.order_by(*total))
    assert all(len(page) == limit for page in pages[:-1])


def test_rows_added_meanwhile_shift_nothing(staff: PersonClient, organization: Organization) -> None:
    first_rows = [make.membership(organization) for _ in range(3)]
    first = staff.get(FOLLOWED, {"limit": "2"}).json()
    make.membership(organization, role=Role.OWNER)

    second = staff.get(FOLLOWED, {"limit": "2", "cursor": first["meta"]["nextCursor"]}).json()

    assert [row["id"] for row in first["items"]] == [str(row.pk) for row in first_rows[:2]]
    assert str(first_rows[2].pk) == second["items"][0]["id"]


def test_the_last_page_has_no_cursor(staff: PersonClient, organization: Organization) -> None:
    make.membership(organization)

    assert staff.get(FOLLOWED, {"limit": "1"}).json()["meta"] == {"nextCursor": None}


def _signed(value: Any, salt: str) -> str:
    return signing.Signer(salt=salt).sign_object(value)


MEMBERS_SALT = "platform_core.api.cursor:orgs.Membership:-role:created_at:pk"


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "eyJhIjoxfQ:abc",
        _signed(["a"], "another salt"),
        _signed(["owner"], MEMBERS_SALT),
        _signed(["owner", "no time", "no id"], MEMBERS_SALT),
        _signed({"a": 1}, MEMBERS_SALT),
    ],
    ids=["empty", "unsigned", "another key", "another list", "too short", "other types", "no list"],
)
def test_a_cursor_of_another_making_is_refused(staff: PersonClient, cursor: str) -> None:
    answer = staff.get(FOLLOWED, {"cursor": cursor})

    assert answer.status_code == 400
    assert list(answer.json()["details"]) == ["cursor"]


def test_a_cursor_fits_only_the_list_it_came_from(organization: Organization) -> None:
    for _ in range(2):
        make.membership(organization)
        make.job()
    page = CursorPage()
    page.paginate_queryset(Membership.objects.order_by("created_at"), _request(limit=1))
    cursor = page.meta["nextCursor"]

    for another in (Membership.objects.order_by("-created_at"), Job.objects.order_by("created_at")):
        with pytest.raises(ValidationError, match="not one of this list"):
            CursorPage().paginate_queryset(another, _request(cursor=cursor))


@pytest.mark.parametrize("limit", ["0", "101", "-5", "many", ""])
def test_a_limit_out_of_range_is_named(staff: PersonClient, limit: str) -> None:
    answer = staff.get(FOLLOWED, {"limit": limit})

    assert answer.status_code == 400
    assert list(answer.json()["details"]) == ["limit"]


@pytest.mark.parametrize(
    ("model", "order", "message"),
    [
        (JobLog, "job__step", "columns of JobLog itself"),
        (AuditEvent, "ip_address", "never null"),
        (Organization, "memberships", "must be a column"),
    ],
)
def test_a_cursor_follows_plain_columns_only(model: Any, order: str, message: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=message):
        CursorPage().paginate_queryset(model.objects.order_by(order), _request())
