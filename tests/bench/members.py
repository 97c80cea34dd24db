"""The members of a large organization: how long a page of them takes, and how many questions to the database."""

from collections.abc import Iterator
from datetime import timedelta

from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from identity.models import User
from identity.services import tokens
from orgs.models import Membership, Organization, RoleGrant
from orgs.roles import Role
from platform_core import clock
from tests import make
from tests.bench import timings, wsgi
from tests.bench.harness import Bound
from tests.bench.people import UNLIMITED

MEMBERS = 10_000
BATCH = 2_000
TOKEN_SECONDS = 3600
QUERIES = (
    "",
    "?pageSize=100",
    "?page=400",
    "?page=100&pageSize=100",
    "?role=admin",
    "?status=suspended",
    "?search=person77",
    "?search=nobody%20is%20called%20so",
)
LONGEST_MS = 150
MOST_QUERIES = 12


def measures() -> Iterator[Bound]:
    """Every figure, each with its limit."""
    organization, person = _large_organization()
    token = tokens.issue(person, organization_id=organization.pk, seconds=TOKEN_SECONDS).access_token
    with override_settings(**UNLIMITED):
        for query in QUERIES:
            path = f"/api/v1/organizations/{organization.pk}/members{query}"
            call = wsgi.call(wsgi.ours(), "GET", path, authorization=f"Bearer {token}")
            yield Bound(f"members {query or 'first page'}", timings.p95(timings.of(call)), "ms", LONGEST_MS)
            with CaptureQueriesContext(connection) as asked:
                call()
            yield Bound(f"members {query or 'first page'}", len(asked), "queries", MOST_QUERIES)


def _large_organization() -> tuple[Organization, User]:
    """Every other member has a role in a product, some in two."""
    organization = make.organization()
    person = make.person(organization)
    products = [make.product(code, role_options=["admin", "editor", "viewer"]) for code in ("pages", "alerts")]
    for start in range(0, MEMBERS, BATCH):
        numbers = range(start, start + BATCH)
        people = User.objects.bulk_create(_person(number) for number in numbers)
        places = [_place(organization, *each) for each in zip(people, numbers, strict=True)]
        Membership.objects.bulk_create(places)
        RoleGrant.objects.bulk_create(
            RoleGrant(membership=place, product=products[number % 3], role="editor", source="manual")
            for place, number in zip(places, numbers, strict=True)
            if number % 3 < len(products)
        )
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
    return organization, person


def _person(number: int) -> User:
    return User(email=f"person{number}@example.test", first_name=f"Person{number}", last_name="Lund")


def _place(organization: Organization, person: User, number: int) -> Membership:
    role = Role.ADMIN if number % 200 == 0 else Role.MEMBER
    status = Membership.Status.SUSPENDED if number % 500 == 1 else Membership.Status.ACTIVE
    joined = clock.now() - timedelta(minutes=MEMBERS - number)
    return Membership(organization=organization, user=person, role=role, status=status, created_at=joined)
