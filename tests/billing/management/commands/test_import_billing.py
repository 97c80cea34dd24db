"""`manage.py import_billing`, through files."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from billing.models import ConsumerTenant, Purchase, Subscription
from platform_core.models import AuditEvent
from tests import make

JSONL = """
{"type": "tenant", "consumerKey": "funnel", "tenantId": "t1", "name": "Demo", "billingEmail": "b@demo.test"}
{"type": "subscription", "consumerKey": "funnel", "tenantId": "t1", "id": "sub_1", "pricingItemCode": "starter", "status": "active", "currentPeriodStart": "2026-01-01T00:00:00Z", "currentPeriodEnd": "2026-02-01T00:00:00Z", "cancelAtPeriodEnd": false, "canceledAt": null}
"""  # noqa: E501
CSV = """type,consumerKey,tenantId,name,billingEmail,id,pricingItemCode,purchasedAt,amountMinor
tenant,funnel,t1,Demo,b@demo.test,,,,
purchase,funnel,t1,,,pur_1,starter,2025-03-01T10:00:00Z,1900
"""


@pytest.fixture(autouse=True)
def _catalog() -> None:
    make.consumer("funnel")
    make.price(make.plan(price_minor=None), lookup_key="starter")


def run(file: Path, *options: str) -> str:
    out, err = StringIO(), StringIO()
    try:
        call_command("import_billing", str(file), *options, stdout=out, stderr=err)
    except CommandError as error:
        return f"{out.getvalue()}{err.getvalue()}FAILED {error}"
    return out.getvalue()


def test_json_lines_are_looked_at_then_brought_in(tmp_path: Path) -> None:
    file = tmp_path / "funnel.jsonl"
    file.write_text(JSONL)

    looked = run(file)
    assert "line 2: create tenant funnel/t1" in looked
    assert "line 3: create subscription sub_1" in looked
    assert looked.endswith("2 create, 0 update, 0 same, 0 kept, 0 error: nothing was changed; --apply does it\n")
    assert not Subscription.objects.exists()

    assert run(file, "--apply").endswith("2 create, 0 update, 0 same, 0 kept, 0 error: done\n")
    assert run(file, "--apply", "--quiet-same") == "0 create, 0 update, 2 same, 0 kept, 0 error: done\n"
    assert Subscription.objects.get().cancel_at_period_end is False
    event = AuditEvent.objects.get(action="subscription.import")
    assert (event.actor_type, event.actor_id) == ("system", "command:import_billing")


def test_a_table_says_the_same(tmp_path: Path) -> None:
    file = tmp_path / "funnel.csv"
    file.write_text(CSV)

    assert "2 create" in run(file, "--apply")
    purchase = Purchase.objects.get()
    assert (purchase.external_id, purchase.amount_minor, purchase.subscription) == ("pur_1", 1_900, None)


def test_every_wrong_line_is_told_and_nothing_done(tmp_path: Path) -> None:
    file = tmp_path / "funnel.jsonl"
    good = JSONL.strip().splitlines()[0]
    file.write_text("\n".join([good, "{", "[]", json.dumps({"type": "tenant", "tenantId": "t2"}), "[" * 4000]))

    told = run(file, "--apply")

    assert "line 2: error" in told
    assert "line 3: error" in told
    assert "line 4: error tenant t2: consumer_key: This field is required." in told
    assert "line 5: error" in told
    assert told.endswith("FAILED 1 create, 0 update, 0 same, 0 kept, 4 error: nothing was changed")
    assert not ConsumerTenant.objects.exists()


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert "cannot be read" in run(tmp_path / "none.jsonl")
