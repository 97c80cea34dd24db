"""What a serializer shows of a row is what REST framework would show of it."""

from datetime import UTC, datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Any

import pytest
from rest_framework import serializers

from orgs.models import Membership, Organization
from platform_core.api.strict import StrictModelSerializer, StrictSerializer
from tests import make

NOON = datetime(2026, 3, 15, 12, 0, 0, 5, tzinfo=UTC)


class Row:
    """A row that has its values in each of the ways that rows have them."""

    name = "Kim"
    nothing = None
    at = NOON
    inner = SimpleNamespace(name="Inner", told={"by": "hand", "items": "pens"})

    def called(self) -> str:
        return "called"

    @property
    def missing(self) -> str:
        raise KeyError("gone")


class RowSerializer(StrictSerializer):
    full_name = serializers.CharField(source="name")
    called = serializers.CharField()
    nothing = serializers.CharField()
    nothing_at = serializers.DateTimeField(source="nothing")
    inner_name = serializers.CharField(source="inner.name")
    told_by = serializers.CharField(source="inner.told.by")
    items = serializers.CharField(source="inner.told.items")
    not_there = serializers.CharField(source="inner.other", allow_null=True)
    not_given = serializers.CharField(source="missing", default="by default")
    left_out = serializers.CharField(source="other", required=False)
    secret = serializers.CharField(write_only=True)
    itself = serializers.SerializerMethodField()
    happened_at = serializers.DateTimeField(source="at")
    happened_on = serializers.DateTimeField(source="at", format="%Y")

    def get_itself(self, row: Row) -> str:
        return row.name


SHOWN = {
    "fullName": "Kim",
    "called": "called",
    "nothing": None,
    "nothingAt": None,
    "innerName": "Inner",
    "toldBy": "hand",
    "items": "pens",
    "notThere": None,
    "notGiven": "by default",
    "itself": "Kim",
    "happenedAt": "2026-03-15T12:00:00.000005Z",
    "happenedOn": "2026",
}


class MomentSerializer(StrictSerializer):
    at = serializers.DateTimeField()


class PlaceSerializer(StrictModelSerializer[Membership]):
    class Meta:
        model = Membership
        fields = ["organization", "custom_role", "status", "created_at"]


def test_every_way_to_a_value_is_found() -> None:
    rows: Any = RowSerializer([Row(), Row()], many=True).data

    assert rows == [SHOWN, SHOWN]
    assert RowSerializer(Row()).data == SHOWN


def test_what_the_code_got_wrong_is_told_as_ever() -> None:
    class Wrong(StrictSerializer):
        colour = serializers.CharField()

    with pytest.raises(AttributeError, match="Got AttributeError when attempting to get a value for field `colour`"):
        Wrong(Row()).data  # noqa: B018


@pytest.mark.parametrize(
    ("moment", "shown"),
    [
        (NOON, "2026-03-15T12:00:00.000005Z"),
        (NOON.astimezone(timezone(timedelta(hours=2))), "2026-03-15T12:00:00.000005Z"),
        ("as it came", "as it came"),
        ("", None),
    ],
)
def test_every_moment_is_told_in_utc(moment: Any, shown: str | None) -> None:
    assert MomentSerializer(SimpleNamespace(at=moment)).data == {"at": shown}


def test_a_relation_is_told_by_its_key(organization: Organization) -> None:
    role = make.custom_role(organization)
    places = [make.membership(organization), make.membership(organization, custom_role=role)]

    shown = PlaceSerializer(places, many=True).data

    assert [each["organization"] for each in shown] == [organization.pk, organization.pk]
    assert [each["customRole"] for each in shown] == [None, role.pk]
    assert shown[0]["createdAt"] == f"{places[0].created_at:%Y-%m-%dT%H:%M:%S.%fZ}"
