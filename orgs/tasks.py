"""Table of contents: what organizations do in the background, what runs by the clock, and what they report of."""

from datetime import timedelta

from orgs.models import (
    CustomRole,
    Domain,
    Invitation,
    InvitationStop,
    Membership,
    ProductResource,
    Report,
    ReportSchedule,
)
from orgs.services import domains, files, purging, report_kinds, report_schedules, reports
from platform_core.purged import Purged
from platform_core.schedule import Periodic

WORKFLOWS = [reports.MAKE_REPORT, files.DISCARD_FILES]
SCHEDULE = [
    Periodic("orgs.purge_deleted", timedelta(days=1), purging.purge_deleted, timeout=600),
    Periodic("orgs.recheck_domains", timedelta(hours=1), domains.recheck, timeout=900),
    Periodic("orgs.make_reports", timedelta(hours=1), report_schedules.make_due, timeout=600),
    Periodic("orgs.end_reports", timedelta(hours=1), reports.end_expired, timeout=600),
]
REPORTS = report_kinds.KINDS
PURGED = [
    Purged(Membership),
    Purged(Invitation),
    Purged(InvitationStop),
    Purged(CustomRole),
    # Whoever proves a name afterwards may hold it.
    Purged(Domain),
    Purged(Report, files="file"),
    Purged(ReportSchedule),
    Purged(ProductResource),
]
