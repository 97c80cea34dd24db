"""Which names can be an organization's own domain."""

from functools import cache
from urllib.parse import urlsplit

from django.conf import settings
from publicsuffixlist import PublicSuffixList

from platform_core.errors import InvalidInput

LONGEST = 253
LONGEST_LABEL = 63
# Where everybody gets an address: nobody's own.
CONSUMER = frozenset(
    """
    126.com 163.com aim.com aol.com att.net bellsouth.net bigpond.com bluewin.ch btinternet.com charter.net comcast.net
    cox.net daum.net duck.com earthlink.net email.com fastmail.com fastmail.fm foxmail.com free.fr freenet.de gmail.com
    gmx.at gmx.ch gmx.com gmx.de gmx.net googlemail.com hanmail.net hey.com hotmail.co.uk hotmail.com hotmail.de
    hotmail.es hotmail.fr hotmail.it hushmail.com icloud.com inbox.com inbox.ru interia.pl juno.com laposte.net
    libero.it list.ru live.co.uk live.com live.de live.fr live.nl mac.com mail.com mail.de mail.ru mailbox.org me.com
    msn.com naver.com netzero.net o2.pl onet.pl optonline.net orange.fr outlook.com outlook.de outlook.es outlook.fr
    pm.me pobox.com posteo.de proton.me protonmail.ch protonmail.com qq.com rambler.ru rediffmail.com rocketmail.com
    rogers.com runbox.com sbcglobal.net seznam.cz sfr.fr shaw.ca sina.com sky.com skynet.be sohu.com sympatico.ca
    t-online.de telenet.be tiscali.it tutanota.com tutanota.de ukr.net verizon.net virgilio.it virginmedia.com
    wanadoo.fr web.de wp.pl yahoo.ca yahoo.co.in yahoo.co.jp yahoo.co.uk yahoo.com yahoo.com.br yahoo.de yahoo.es
    yahoo.fr yahoo.it yandex.com yandex.ru ymail.com zoho.com
    """.split()  # noqa: SIM905 - it is read, and added to, as a list of words
)


def checked(given: str) -> str:
    """The name in the one form in which it is kept; 400 that says why it cannot be an organization's own."""
    try:
        name = ascii_form(given)
    except UnicodeError:
        raise _refused("This is no domain name, such as example.com.") from None
    labels = name.split(".")
    if not _is_host_name(labels) or len(name) > LONGEST or labels[-1].isdigit():
        raise _refused("This is no domain name, such as example.com.")
    if _suffixes().is_public(name):
        raise _refused("Anybody can register a name under this one: name your own domain.")
    if name in CONSUMER:
        raise _refused("Everybody can get an address there: name a domain of your own.")
    if name == ours() or name.endswith(f".{ours()}"):
        raise _refused("This domain is ours.")
    return name


def ascii_form(given: str) -> str:
    """Lower case, without the final dot, international names as DNS carries them (RFC 3490)."""
    plain = given.strip().rstrip(".").lower()
    return plain if plain.isascii() else plain.encode("idna").decode("ascii")


def ours() -> str:
    """The host that this platform answers at."""
    return (urlsplit(settings.BASE_URL).hostname or "").lower()


def _is_host_name(labels: list[str]) -> bool:
    return len(labels) > 1 and all(
        0 < len(label) <= LONGEST_LABEL
        and label.replace("-", "").isalnum()
        and not label.startswith("-")
        and not label.endswith("-")
        for label in labels
    )


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


def _refused(reason: str) -> InvalidInput:
    return InvalidInput("This domain cannot be added.", details={"name": [reason]})
