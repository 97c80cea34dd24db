"""Which kinds of events are acted upon."""

import pytest

from billing.services import event_kinds


@pytest.mark.parametrize(
    ("kind", "route"),
    [
        ("checkout.session.completed", event_kinds.Route()),
        ("customer.subscription.trial_will_end", event_kinds.Route()),
        ("customer.subscription.paused", event_kinds.Route()),
        ("invoice.paid", event_kinds.Route()),
        ("invoice.finalized", event_kinds.Route()),
        ("charge.refunded", event_kinds.Route()),
        ("charge.dispute.created", event_kinds.Route()),
        ("charge.dispute.funds_withdrawn", event_kinds.Route()),
        ("payment_method.detached", event_kinds.Route()),
        ("customer.updated", event_kinds.Route()),
        ("charge.succeeded", event_kinds.Route(reads=False)),
        ("invoice.created", event_kinds.Route(bills=True)),
        ("invoice.deleted", event_kinds.Route(buries=True)),
        ("customer.deleted", event_kinds.Route(reads=False, buries=True)),
        ("price.created", event_kinds.Route(reads=False)),
        ("treasury.invented", event_kinds.Route(reads=False)),
    ],
)
def test_the_longest_beginning_decides(kind: str, route: event_kinds.Route) -> None:
    assert event_kinds.route_of(kind) == route
