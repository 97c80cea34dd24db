"""What the reports of billing say."""

from datetime import timedelta

from tests import make
from tests.billing import lives
from tests.clients import PersonClient
from tests.clocks import at
from tests.orgs.reading import NOON, fetched, generated, sheet


def test_usage_and_billing(owner: PersonClient, outsider: PersonClient) -> None:
    with at(NOON):
        for client in (owner, outsider):
            subscription = make.subscription(client.organization)
            make.usage_bucket(subscription, tokens_total=1200, agent_code="sage", model_name="deep-1", bucket_hour=NOON)
            make.invoice(subscription, issued_at=NOON, status="paid", number=f"N-{client.user.email}")
    days = {"startsOn": "2026-03-10", "endsOn": "2026-03-10"}
    with at(NOON):
        usage = generated(owner, kind="usage", format="csv", **days)
        billing = generated(owner, kind="billing", format="csv", **days)

    assert [row[2:] for row in sheet(fetched(owner, usage))[1:]] == [["sage", "deep-1", "1200"]]
    told = sheet(fetched(owner, billing))
    assert told[0] == ["Invoice", "Issued", "Status", "Total", "Currency"]
    assert told[1:] == [["N-owner@harbour.test", "2026-03-10", "Paid", "$29.00", "USD"]]


def test_recurring_charges_tell_each_change_of_those_days(owner: PersonClient, outsider: PersonClient) -> None:
    plan = make.plan(name="Pages Team")
    row = lives.begin(NOON - timedelta(days=40), 2_900, owner.organization, plan)
    lives.change(row, NOON, 5_800)
    lives.begin(NOON, 9_900, outsider.organization, plan)
    with at(NOON):
        report = generated(owner, kind="recurring_charges", format="csv", startsOn="2026-03-10", endsOn="2026-03-10")

    assert sheet(fetched(owner, report)) == [
        ["Day", "Plan", "Change", "A month", "Currency"],
        ["2026-03-10", "Pages Team", "More", "$29.00", "USD"],
    ]
