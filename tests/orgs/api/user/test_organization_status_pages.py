"""`GET /api/v1/organizations/{id}/status-pages`."""

from uuid import uuid4

from platform_core import clock
from tests import make
from tests.clients import ApiClient, PersonClient

WORDS, KIND, OTHER = "status-pages", "status_page", "check"


def test_members_see_what_is_there(member: PersonClient, outsider: PersonClient) -> None:
    pages = make.product("pages")
    ours = make.product_resource(
        member.organization, KIND, product=pages, name="B", url="https://b.test", state="operational"
    )
    make.product_resource(member.organization, KIND, product=pages, name="A")
    make.product_resource(member.organization, KIND, product=pages, name="Gone", deleted_at=clock.wall())
    make.product_resource(member.organization, OTHER, product=pages)
    make.product_resource(outsider.organization, KIND, product=pages)

    body = member.get(f"/api/v1/organizations/{member.organization.pk}/{WORDS}").json()

    assert [each["name"] for each in body["items"]] == ["A", "B"]
    assert body["meta"] == {"page": 1, "pageSize": 25, "total": 2}
    told = body["items"][1]
    assert told.pop("reportedAt").endswith("Z")
    assert told == {
        "id": str(ours.pk),
        "product": "pages",
        "externalId": ours.external_id,
        "name": "B",
        "url": "https://b.test",
        "state": "operational",
    }


def test_strangers_are_answered_as_if_it_were_not_there(member: PersonClient, outsider: PersonClient) -> None:
    theirs = outsider.get(f"/api/v1/organizations/{member.organization.pk}/{WORDS}")
    unknown = outsider.get(f"/api/v1/organizations/{uuid4()}/{WORDS}")

    assert theirs.status_code == unknown.status_code == 404
    assert theirs.content == unknown.content


def test_nobody_sees_them(member: PersonClient, anonymous: ApiClient) -> None:
    assert anonymous.get(f"/api/v1/organizations/{member.organization.pk}/{WORDS}").status_code == 401


def test_pages_that_are_none_are_refused(member: PersonClient) -> None:
    assert member.get(f"/api/v1/organizations/{member.organization.pk}/{WORDS}?page=0").status_code == 400
