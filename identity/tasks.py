"""Table of contents: what identity does in the background, and what runs by the clock."""

from datetime import timedelta

from identity import personal_data
from identity.services import erasure, exports, files, impersonation, retention, telemetry
from platform_core.schedule import Periodic

WORKFLOWS = [exports.EXPORT_ACCOUNT, files.DISCARD_FILE]
WORK = [erasure.empty_one]
SCHEDULE = [
    Periodic("identity.forget_ended", timedelta(days=1), retention.forget_ended, timeout=600),
    Periodic("identity.end_impersonations", timedelta(minutes=5), impersonation.end_expired, timeout=600),
    Periodic("identity.end_exports", timedelta(hours=1), exports.end_spoiled, timeout=600),
    Periodic("identity.sum_up_telemetry", timedelta(minutes=1), telemetry.sum_up, timeout=600),
    Periodic("identity.forget_telemetry", timedelta(days=1), telemetry.forget_old, timeout=600),
]
PERSONAL_DATA = personal_data.PARTS
