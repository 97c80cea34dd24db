"""Workflows that live as long as one test."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from platform_core.workflow import Step, Workflow, registry

Make = Callable[..., Workflow]


@pytest.fixture
def workflow() -> Iterator[Make]:
    """Registers a workflow "test" of these steps."""

    def make(*steps: Step, **options: Any) -> Workflow:
        registry.forget("test")
        made = Workflow("test", steps, **options)
        registry.register(made)
        return made

    yield make
    registry.forget("test")
