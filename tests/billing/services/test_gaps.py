"""What no webhook told is found in the provider's own list."""

from datetime import UTC, datetime, timedelta

import pytest

from billing.models import Subscription
from billing.providers.protocol import ProviderError
from billing.providers.sandbox import clock as sandbox_clock
from billing.providers.sandbox import faults
from billing.providers.sandbox.faults import Fault
from billing.services import event_kinds, gaps
from platform_core.models import ProviderCursor, ProviderEvent
from tests import clocks
from tests.billing import shop


@pytest.fixture
def unheard() -> int:
    """A purchase of which nothing arrived, long enough ago; gives how many of its events mean something to us."""
    shop.buyer()
    clock_moves_on()
    return len([event for event in shop.events() if event_kinds.route_of(event["type"]).is_acted_upon])


def clock_moves_on() -> None:
    sandbox_clock.advance(by=gaps.ON_ITS_WAY + timedelta(minutes=1))


def test_what_never_came_is_stored_and_acted_upon(unheard: int) -> None:
    told = gaps.fill()

    assert told["gaps"] == unheard > 0
    assert set(ProviderEvent.objects.values_list("source", flat=True)) == {"listed"}
    shop.work()
    assert Subscription.objects.get().status == "active"
    cursor = ProviderCursor.objects.get()
    assert (cursor.name, cursor.found_count, cursor.read_count) == ("events", unheard, told["read"])


def test_what_was_heard_is_no_gap_and_what_was_read_is_not_read_again(unheard: int) -> None:
    for event in shop.events():
        shop.hear(event)

    first = gaps.fill()
    assert (first["gaps"], first["read"] > 0) == (0, True)
    assert gaps.fill() == {"read": 0, "gaps": 0}
    assert set(ProviderEvent.objects.values_list("source", flat=True)) == {"webhook"}


def test_news_may_still_be_on_their_way() -> None:
    shop.buyer()
    newest = datetime.fromtimestamp(max(event["created"] for event in shop.events()), UTC)

    with clocks.at(newest + gaps.ON_ITS_WAY - timedelta(minutes=1)):
        assert gaps.fill()["gaps"] == 0
    assert not ProviderEvent.objects.exists()


def test_a_run_that_was_cut_short_goes_on_where_it_was(unheard: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gaps, "PAGE", 3)
    with faults.injected(Fault.SERVER_ERROR, times=9), pytest.raises(ProviderError):
        gaps.fill()

    assert gaps.fill()["gaps"] == unheard
    assert gaps.fill() == {"read": 0, "gaps": 0}
