"""A link that outlived its invitation."""

import pytest

from orgs.models import Invitation
from orgs.services import invitation_stops
from platform_core.errors import NotFound
from tests import make
from tests.clients import PersonClient


def test_of_an_invitation_that_was_forgotten_it_is_none(owner: PersonClient) -> None:
    link = invitation_stops.link(make.invitation(owner.organization, by=owner.user))
    Invitation.objects.all().delete()

    with pytest.raises(NotFound, match="no such link"):
        invitation_stops.stop(link.rpartition("/")[2])
