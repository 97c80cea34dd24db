"""The name servers that say whether a domain is proven."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.test import override_settings

from orgs.models import Domain
from tests import name_server
from tests.name_server import NameServer, Zone


@contextmanager
def saying(texts: Zone) -> Iterator[NameServer]:
    """While the block runs, the platform asks a server that says this."""
    with name_server.serve({}, texts=texts) as server, override_settings(DNS_NAMESERVERS=[server.address]):
        yield server


def proof(*domains: Domain) -> Zone:
    """What the owners of these domains publish, beside what others do."""
    return {domain.record_name: ["google-site-verification=x", domain.record_value] for domain in domains}
