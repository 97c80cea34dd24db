"""Reports in the console: that they are, not what is in them."""

from tests import make
from tests.clients import staff
from tests.pages import Browser


def test_a_report_is_called_as_its_readers_know_it() -> None:
    make.report(make.organization("Harbour Bakery"), kind="members")
    make.report(make.organization("Sail Loft"), kind="gone")

    page = Browser(staff("orgs.view_report").user).words("/admin/orgs/report/")

    assert "Members and roles Harbour Bakery" in page
    assert "gone Sail Loft" in page
