"""`manage.py verify_revenue`."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from billing.models import MrrMovement, Subscription
from tests import make


def run(*arguments: str) -> tuple[str, str]:
    out, wrong = StringIO(), StringIO()
    call_command("verify_revenue", *arguments, stdout=out, stderr=wrong)
    return out.getvalue(), wrong.getvalue()


def test_nothing_is_wrong_with_what_was_recorded() -> None:
    make.subscription()
    make.subscription(status="trialing")

    assert run() == ("1 movements: nothing wrong\n", "")


def test_what_does_not_sum_is_told_and_mended() -> None:
    row = make.subscription()
    Subscription.objects.filter(pk=row.pk).update(status="canceled")

    with pytest.raises(CommandError, match="1 problems in 1 movements"):
        run()
    assert run("--mend") == ("1 movements added\n2 movements: nothing wrong\n", "")
    assert MrrMovement.objects.filter(kind="churn").count() == 1
