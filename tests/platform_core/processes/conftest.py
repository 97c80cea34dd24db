"""An instance for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.platform_core.processes.instance import Instance, instance


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Instance]:
    """A database and a folder of the test's own."""
    with instance(tmp_path) as made:
        yield made
