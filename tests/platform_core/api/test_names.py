"""Names on the wire."""

import pytest

from platform_core.api.names import camel


@pytest.mark.parametrize(
    ("name", "wire"),
    [
        ("success_url", "successUrl"),
        ("id", "id"),
        ("successUrl", "successUrl"),
        ("line_2_text", "line2Text"),
        ("trailing_", "trailing_"),
        ("two__underscores", "twoUnderscores"),
    ],
)
def test_camel(name: str, wire: str) -> None:
    assert camel(name) == wire
