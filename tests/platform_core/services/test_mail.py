"""Mail: owed once, sent with a name by which a mailbox knows it again."""

from collections.abc import Sequence
from pathlib import Path
from smtplib import (
    SMTPAuthenticationError,
    SMTPDataError,
    SMTPRecipientsRefused,
    SMTPServerDisconnected,
)
from typing import Any, ClassVar

import pytest
from django.core import mail as django_mail
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction

from platform_core import clock
from platform_core.models import Mail
from platform_core.models.leases import LONG_AGO
from platform_core.services import mail
from tests import make


class RefusingBackend(BaseEmailBackend):
    """A mail server that says no."""

    answer: ClassVar[Exception]

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        raise self.answer


@pytest.fixture
def templates(settings: Any, tmp_path: Path) -> Path:
    """A folder of templates with one message."""
    folder = tmp_path / "emails" / "tests"
    folder.mkdir(parents=True)
    (folder / "hello.subject.txt").write_text("Hello,\n {{ name }} &  all\n")
    (folder / "hello.txt").write_text("Hello, {{ name }} of {{ site_name }}.")
    (folder / "hello.html").write_text("<p>Hello, {{ name }}: {{ base_url }}</p>")
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path]}]
    settings.SITE_NAME = "Harbour"
    settings.BASE_URL = "https://hub.example"
    return tmp_path


def send(message: Mail) -> Mail:
    Mail.objects.filter(pk=message.pk).update(run_after=clock.now(), lease_until=LONG_AGO)
    assert mail.send_one("worker")
    message.refresh_from_db()
    return message


def test_a_message_is_rendered_when_it_is_decided_upon(templates: Path) -> None:
    mail.queue("tests/hello", "ada@example.test", {"name": "Ada <3"}, key="hello:1")

    message = Mail.objects.get()

    assert message.subject == "Hello, Ada <3 & all"
    assert message.text == "Hello, Ada <3 of Harbour."
    assert message.html == "<p>Hello, Ada &lt;3: https://hub.example</p>"
    assert (message.status, message.template, message.organization_id) == ("PENDING", "tests/hello", None)


def test_a_message_is_owed_once(templates: Path) -> None:
    mail.queue("tests/hello", "ada@example.test", {"name": "Ada"}, key="hello:1")
    mail.queue("tests/hello", "bob@example.test", {"name": "Bob"}, key="hello:1")

    assert Mail.objects.get().to == "ada@example.test"


def test_what_is_undone_is_not_sent(templates: Path) -> None:
    with transaction.atomic():
        mail.queue("tests/hello", "ada@example.test", {"name": "Ada"}, key="hello:1")
        transaction.set_rollback(True)

    assert not mail.send_one("worker")
    assert django_mail.outbox == []


def test_a_message_is_sent_once_under_a_lasting_id(settings: Any) -> None:
    settings.BASE_URL = "https://hub.example"
    message = send(make.mail(html="<p>Hello</p>"))

    assert message.status == Mail.Status.SENT
    assert message.sent_at is not None
    (sent,) = django_mail.outbox
    assert isinstance(sent, EmailMultiAlternatives)
    assert (sent.to, sent.subject, sent.body) == (["ada@example.test"], "Hello", "Hello, Ada.")
    assert sent.extra_headers["Message-ID"] == f"<{message.pk}@hub.example>"
    assert [tuple(part) for part in sent.alternatives] == [("<p>Hello</p>", "text/html")]
    assert not mail.send_one("worker")


def test_a_message_without_html(settings: Any) -> None:
    settings.BASE_URL = "http:"
    message = send(make.mail())

    (sent,) = django_mail.outbox
    assert isinstance(sent, EmailMultiAlternatives)
    assert sent.alternatives == []
    assert sent.extra_headers["Message-ID"] == f"<{message.pk}@localhost>"


@pytest.mark.parametrize(
    ("answer", "is_final"),
    [
        (SMTPRecipientsRefused({"a@b.test": (550, b"no such user")}), True),
        (SMTPRecipientsRefused({"a@b.test": (450, b"greylisted")}), False),
        (SMTPDataError(554, b"spam"), True),
        (SMTPDataError(451, b"later"), False),
        (SMTPAuthenticationError(535, b"bad credentials"), False),
        (SMTPServerDisconnected("gone"), False),
        (ConnectionRefusedError("no server"), False),
    ],
)
def test_a_refusal_is_final_only_when_it_is_about_the_message(
    settings: Any, answer: Exception, *, is_final: bool
) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.RefusingBackend"
    RefusingBackend.answer = answer

    message = send(make.mail())

    assert message.status == (Mail.Status.FAILED if is_final else Mail.Status.PENDING)
    assert message.error.startswith(type(answer).__name__)
    assert is_final or message.run_after > clock.now()


def test_a_server_that_stays_away_ends_it(settings: Any) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.RefusingBackend"
    RefusingBackend.answer = ConnectionRefusedError("no server")
    message = make.mail(attempt=mail.MAX_TRIES - 2)

    send(message)
    assert message.status == Mail.Status.PENDING
    send(message)

    assert message.status == Mail.Status.FAILED


def test_what_people_wrote_is_one_line_of_a_message(templates: Path) -> None:
    mail.queue("tests/hello", "ada@example.test", {"name": "Ada\r\n\r\nPay here:\u2028evil.example"}, key="hello:lines")

    assert Mail.objects.get().text == "Hello, Ada Pay here: evil.example of Harbour."
