"""Mail: rendered into a row when it is decided upon, sent when the decision has been committed."""

from collections.abc import Mapping
from datetime import timedelta
from smtplib import SMTPDataError, SMTPException, SMTPRecipientsRefused
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template import Context, Engine
from django.template.loader import render_to_string

from platform_core import clock, leases, nudges, watchdog
from platform_core.models import Mail

MAX_TRIES = 12
# SMTP answers from here on are final.
PERMANENT = 500
SEND_SECONDS = 60


def queue(
    template: str,
    to: str,
    context: Mapping[str, Any],
    *,
    key: str,
    organization_id: UUID | None = None,
    unsubscribe_url: str = "",
) -> None:
    """Owe a person one message; the same key owes it once. `template` is "<app>/<name>" under templates/emails."""
    # A name with paragraphs of its own, under an address that is not the writer's, would be a letter in our name.
    said = {name: " ".join(value.split()) if isinstance(value, str) else value for name, value in context.items()}
    values = {"site_name": settings.SITE_NAME, "base_url": settings.BASE_URL, **said}
    name = f"emails/{template}"
    owed = Mail(
        idempotency_key=key,
        template=template,
        to=to,
        organization_id=organization_id,
        subject=" ".join(_plain(f"{name}.subject.txt", values).split())[:200],
        text=_plain(f"{name}.txt", values),
        html=render_to_string(f"{name}.html", values),
        unsubscribe_url=unsubscribe_url,
    )
    Mail.objects.bulk_create([owed], ignore_conflicts=True)
    nudges.nudge()


def _plain(template: str, values: Mapping[str, Any]) -> str:
    """Text is no HTML: nothing in it is escaped."""
    return str(Engine.get_default().get_template(template).render(Context(values, autoescape=False)))


def send_one(worker: str) -> bool:
    """Send the message whose turn it is; False when there is none."""
    mail = leases.claim(Mail, worker=worker)
    if mail is not None:
        with watchdog.keep(mail, timeout=SEND_SECONDS):
            failure = _send(mail)
        _settle(mail, failure)
    return mail is not None


def _message(mail: Mail) -> EmailMultiAlternatives:
    """The same Message-ID at every try, by which a mailbox shows a message sent twice once."""
    host = urlsplit(settings.BASE_URL).hostname or "localhost"
    headers = {"Message-ID": f"<{mail.pk}@{host}>"}
    if mail.unsubscribe_url:
        headers["List-Unsubscribe"] = f"<{mail.unsubscribe_url}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message = EmailMultiAlternatives(mail.subject, mail.text, to=[mail.to], headers=headers)
    if mail.html:
        message.attach_alternative(mail.html, "text/html")
    return message


def _send(mail: Mail) -> Exception | None:
    try:
        _message(mail).send()
    except (SMTPException, OSError) as error:
        return error
    return None


def _settle(mail: Mail, failure: Exception | None) -> None:
    if failure is None:
        leases.settle(mail, status=Mail.Status.SENT, sent_at=clock.now(), error="")
        return
    reason = f"{type(failure).__name__}: {failure}"[:500]
    if is_permanent(failure) or mail.attempt >= MAX_TRIES:
        leases.settle(mail, status=Mail.Status.FAILED, error=reason)
    else:
        wait = timedelta(seconds=min(30 * 2**mail.attempt, 6 * 3600))
        leases.settle(mail, error=reason, run_after=clock.now() + wait)


def is_permanent(failure: Exception) -> bool:
    """Whether the server said 5xx of this message or of all its recipients: it will say so again."""
    if isinstance(failure, SMTPRecipientsRefused):
        return all(code >= PERMANENT for code, _ in failure.recipients.values())
    return isinstance(failure, SMTPDataError) and failure.smtp_code >= PERMANENT
