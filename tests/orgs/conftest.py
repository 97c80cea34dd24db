"""An organization that has products in which people can have roles."""

import pytest

from orgs.models import Organization
from tests import make


@pytest.fixture
def organization() -> Organization:
    """The organization of `owner` and `member`."""
    return make.organization("Harbour Bakery", product_codes=["alerts", "pages", "synthetics"])
