"""What tests of buying listen to."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction

from billing.signals import checkout_completed


@pytest.fixture
def completed() -> Iterator[list[dict[str, Any]]]:
    """What was told upwards of each completed purchase."""
    told: list[dict[str, Any]] = []

    def listen(sender: Any, signal: Any, **facts: Any) -> None:
        assert transaction.get_connection().in_atomic_block
        told.append(facts)

    checkout_completed.connect(listen)
    yield told
    checkout_completed.disconnect(listen)
