"""What a browser carries: one row, one key at a time."""

from django.db import connection
from django.test.utils import CaptureQueriesContext

from identity.browser_sessions import SessionStore
from identity.models import BrowserSession


def stored(**values: str) -> SessionStore:
    store = SessionStore()
    store.update(values)
    store.save()
    return store


def test_another_key_comes_with_the_next_save_by_which_the_old_one_is_dead() -> None:
    store = stored(colour="blue")
    before = store.session_key

    store.cycle_key()
    store["colour"] = "red"

    assert SessionStore(before).load() == {"colour": "blue"}
    store.save()
    assert store.session_key not in (None, before)
    assert SessionStore(before).load() == {}
    assert SessionStore(store.session_key).load() == {"colour": "red"}
    assert BrowserSession.objects.count() == 1


def test_what_is_gone_by_then_is_written_anew() -> None:
    store = stored(colour="blue")
    store.cycle_key()
    BrowserSession.objects.all().delete()

    store.save()

    assert SessionStore(store.session_key).load() == {"colour": "blue"}


def test_a_key_that_was_given_up_is_deleted_with_the_rest() -> None:
    store = stored(colour="blue")
    store.cycle_key()

    store.flush()

    assert not BrowserSession.objects.exists()


def test_a_new_one_is_written_by_one_statement() -> None:
    with CaptureQueriesContext(connection) as queries:
        stored(colour="blue")

    assert len([query for query in queries if "SAVEPOINT" not in query["sql"]]) == 1


def test_it_is_deleted_by_its_key_and_without_one_nothing_is() -> None:
    kept, gone = stored(colour="blue"), stored(colour="red")

    gone.delete()
    SessionStore().delete()

    assert SessionStore(gone.session_key).load() == {}
    assert SessionStore(kept.session_key).load() == {"colour": "blue"}
