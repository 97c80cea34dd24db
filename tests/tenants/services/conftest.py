"""An order on its way."""

import pytest

from platform_core.models import Job
from tenants.clients.fake_provisioner import FakeProvisioner
from tenants.models import Order
from tests.tenants.services import runs


@pytest.fixture
def order(fake_provisioner: FakeProvisioner) -> Order:
    """Of one tool, with the back end that sets nothing up."""
    return runs.opened()


@pytest.fixture
def job(order: Order) -> Job:
    """Its job."""
    return runs.job_of(order)
