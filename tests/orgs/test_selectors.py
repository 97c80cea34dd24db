"""Which organization a person works in."""

from uuid import uuid4

from orgs.models import Membership, organizations_of
from orgs.selectors import organization_in_use
from tests import make


def test_the_chosen_one_else_the_first() -> None:
    user = make.user()
    first, second = (make.membership(make.organization(), user).organization_id for _ in range(2))
    other = make.membership(make.organization()).organization_id

    assert organization_in_use(user) == first
    assert organization_in_use(user, str(second)) == second
    assert organization_in_use(user, str(other)) == first
    assert organization_in_use(user, str(uuid4())) == first
    assert organization_in_use(user, "nonsense") == first


def test_nobody_works_where_they_do_not_belong() -> None:
    user = make.user()
    make.membership(make.organization(), user, status=Membership.Status.SUSPENDED)
    make.membership(make.organization(status="suspended"), user)

    assert organization_in_use(user) is None
    assert organizations_of(user) == frozenset()
