"""QR codes in pages: drawn, and nothing but drawn."""

from xml.etree import ElementTree as ET

from identity.portal.templatetags.qr import qr_code
from identity.services.two_factor import SetUp


def test_the_code_is_one_element_without_style_or_text() -> None:
    drawn = ET.fromstring(qr_code(SetUp("SECRET", "otpauth://totp/<script>alert(1)</script>?secret=SECRET")))  # noqa: S314

    assert drawn.tag == "svg"
    assert [child.tag for child in drawn] == ["path"]
    assert set(drawn[0].attrib) == {"transform", "class", "stroke", "d"}
