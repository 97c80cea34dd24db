"""What is known of the unit of work in hand."""

import re
import threading

from platform_core import context
from platform_core.context import RequestContext


def test_request_ids_sort_by_time() -> None:
    ids = [context.new_request_id() for _ in range(3)]

    assert all(re.fullmatch(r"req_[0-9a-f]{32}", one) for one in ids)
    assert ids == sorted(ids)
    assert len(set(ids)) == 3


def test_it_is_known_from_its_beginning_to_its_end() -> None:
    given = RequestContext(ip_address="192.0.2.1", user_agent="curl")

    context.begin(given)
    assert context.current() is given
    context.end()

    assert context.current() is None


def test_another_thread_knows_nothing_of_it() -> None:
    context.begin(RequestContext())
    seen: list[object] = []

    thread = threading.Thread(target=lambda: seen.append(context.current()))
    thread.start()
    thread.join()

    assert seen == [None]
