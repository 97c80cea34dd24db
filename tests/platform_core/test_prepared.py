"""A query that is put into SQL once answers like the query that is built each time."""

from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import connection
from django.db.models import F, QuerySet
from django.test.utils import CaptureQueriesContext

from identity.models import Session, User
from platform_core.prepared import Prepared
from tests import make
from tests.sign_ins import make_session


def query(session_id: Any, user_id: Any) -> "QuerySet[Session]":
    found = Session.objects.filter(pk=session_id, user_id=user_id).defer("reason").select_related("user")
    return found.annotate(address=F("user__email"))


@pytest.fixture
def session() -> Session:
    return make_session(make.user(), methods=["pwd", "otp"], ip_address="192.0.2.7", may_write=False)


def test_it_gives_the_row_with_its_relations_and_annotations(session: Session) -> None:
    prepared = Prepared(query)
    make_session(session.user)

    found: Any = prepared.first(session.pk, session.user_id)
    asked_anew = query(session.pk, session.user_id).get()

    assert found == asked_anew
    with CaptureQueriesContext(connection) as queries:
        assert vars(found.user) | {"_state": None} == vars(asked_anew.user) | {"_state": None}
        for name in ("methods", "spent", "created_at", "ip_address", "may_write", "two_factor_at", "address"):
            assert getattr(found, name) == getattr(asked_anew, name)
    assert len(queries) == 0
    assert found.reason == ""


def test_it_is_built_once_and_never_mixes_keys_up(session: Session) -> None:
    other = make_session(make.user())
    built = []

    def build(*keys: Any) -> "QuerySet[Session]":
        built.append(keys)
        return query(*keys)

    prepared = Prepared(build)

    assert prepared.first(session.pk, session.user_id) == session
    assert prepared.first(other.pk, other.user_id) == other
    assert prepared.first(session.pk, other.user_id) is None
    assert prepared.first(uuid4(), uuid4()) is None
    assert len(built) == 1


def test_it_reads_the_present(session: Session) -> None:
    prepared = Prepared(query)
    prepared.first(session.pk, session.user_id)

    Session.objects.update(user_agent="Firefox")

    found = prepared.first(session.pk, session.user_id)
    assert found is not None
    assert found.user_agent == "Firefox"


def test_a_key_may_be_text(session: Session) -> None:
    prepared = Prepared(lambda email: User.objects.filter(email=email))

    assert prepared.first(session.user.email) == session.user
    assert prepared.first("nobody@example.test") is None
    assert prepared.first(make.user().email) != session.user


def planned() -> int:
    """How many of this connection's statements PostgreSQL has planned for good."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%identity_session%'")
        return int(cursor.fetchone()[0])


@pytest.mark.postgres
@pytest.mark.skipif(settings.PLATFORM_RLS, reason="a scope goes before each statement, so PLATFORM_RLS must not be on")
def test_postgresql_plans_it_once(session: Session) -> None:
    prepared, before = Prepared(query), planned()

    found = [prepared.first(session.pk, session.user_id) for _ in range(10)]

    assert found == [session] * 10
    assert planned() == before + 1


@pytest.mark.postgres
def test_a_pooler_is_asked_to_plan_nothing(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connection.settings_dict, "DISABLE_SERVER_SIDE_CURSORS", True)
    prepared, before = Prepared(query), planned()

    assert [prepared.first(session.pk, session.user_id) for _ in range(10)] == [session] * 10
    assert planned() == before


def test_it_is_a_query_like_any_other(session: Session) -> None:
    prepared = Prepared(query)

    with CaptureQueriesContext(connection) as queries:
        prepared.first(session.pk, session.user_id)

    assert len(queries) == 1
    assert '"identity_session"."user_agent"' in queries[0]["sql"]
