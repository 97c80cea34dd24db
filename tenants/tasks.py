"""Table of contents: the app's workflows, and what runs by the clock."""

from platform_core.schedule import Periodic
from tenants import personal_data
from tenants.services import fleet, heartbeats
from tenants.services.provisioning import PROVISION_ORDER

WORKFLOWS = [PROVISION_ORDER]
SCHEDULE = [
    Periodic("tenants.sweep_heartbeats", heartbeats.SWEEP_EVERY, heartbeats.sweep, timeout=60),
    Periodic("tenants.revive_agents", fleet.REVIVE_EVERY, fleet.revive, timeout=600),
]
PERSONAL_DATA = personal_data.PARTS
