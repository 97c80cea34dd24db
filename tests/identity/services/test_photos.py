"""Pictures are drawn anew, whatever they were."""

import pytest
from django.core.files.storage import default_storage

from identity.services import photos
from platform_core import pictures
from platform_core.errors import InvalidInput, NotFound, PayloadTooLarge
from platform_core.models import AuditEvent
from tests import make
from tests.identity.jobs import work
from tests.pictures import HIDDEN, opened, picture, with_location


@pytest.mark.parametrize(
    ("form", "mode", "kept"),
    [
        ("PNG", "RGB", "RGB"),
        ("PNG", "RGBA", "RGBA"),
        ("PNG", "LA", "RGBA"),
        ("PNG", "1", "RGB"),
        ("JPEG", "CMYK", "RGB"),
        ("JPEG", "L", "RGB"),
        ("WEBP", "RGB", "RGB"),
        ("GIF", "P", "RGB"),
    ],
)
def test_every_form_becomes_a_square_webp(form: str, mode: str, kept: str) -> None:
    drawn = opened(pictures.draw(picture(form, mode=mode)))

    assert (drawn.format, drawn.size) == ("WEBP", (512, 512))
    # An alpha channel that hides nothing may be left out by the encoder.
    assert drawn.mode in {kept, "RGB"}


def test_what_was_hidden_in_it_is_gone_and_it_stands_upright() -> None:
    sent = with_location()
    assert HIDDEN.encode() in sent

    drawn = pictures.draw(sent)

    assert HIDDEN.encode() not in drawn
    assert not opened(drawn).getexif()


def test_a_program_behind_the_picture_is_not_kept() -> None:
    drawn = pictures.draw(picture("GIF", mode="P") + b"<script>alert(1)</script><?php system('id') ?>")

    assert b"script" not in drawn
    assert b"php" not in drawn


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"hello", id="text"),
        pytest.param(SVG, id="svg"),
        pytest.param(picture("TIFF"), id="tiff"),
        pytest.param(picture("BMP"), id="bmp"),
        pytest.param(picture("PNG")[:40], id="half a png"),
        pytest.param(picture("JPEG")[:300], id="half a jpeg"),
        pytest.param(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 1 1\n", id="postscript"),
        pytest.param(b"\x89PNG\r\n\x1a\n" + bytes(200), id="a png of zeros"),
    ],
)
def test_whatever_is_no_picture_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidInput) as caught:
        pictures.draw(content)

    assert list(caught.value.details) == ["photo"]


def test_a_small_file_of_many_pixels_is_refused_before_it_is_unpacked() -> None:
    bomb = picture("PNG", (7_000, 6_000), mode="1")
    assert len(bomb) < 100_000

    with pytest.raises(InvalidInput, match="pixels"):
        pictures.draw(bomb)


def test_too_many_bytes_are_refused_unread() -> None:
    with pytest.raises(PayloadTooLarge):
        pictures.draw(bytes(pictures.MOST_BYTES + 1))


def test_another_picture_has_another_address_and_the_first_is_deleted() -> None:
    kim = make.user()
    photos.replace(kim, picture(), by=kim)
    first, address = kim.photo, kim.photo_url

    photos.replace(kim, picture("GIF", mode="P"), by=kim)

    assert kim.photo_url != address
    assert default_storage.exists(first)
    assert work() == 1
    assert not default_storage.exists(first)
    assert default_storage.exists(kim.photo)
    assert [event.action for event in AuditEvent.objects.all()] == ["user.set_photo", "user.set_photo"]


def test_taking_it_away_deletes_it_once() -> None:
    kim = make.user()
    photos.replace(kim, picture(), by=kim)
    name = kim.photo

    photos.remove(kim, by=kim)
    photos.remove(kim, by=kim)
    work()

    assert (kim.photo, kim.photo_url) == ("", None)
    assert not default_storage.exists(name)
    assert AuditEvent.objects.filter(action="user.remove_photo").count() == 1


def test_none_and_one_that_the_storage_lost_are_not_found() -> None:
    kim = make.user()
    with pytest.raises(NotFound):
        photos.of_person(kim)
    photos.replace(kim, picture(), by=kim)
    default_storage.delete(kim.photo)

    with pytest.raises(NotFound):
        photos.of_person(kim)
