"""How a server proves that it is the one that was set up."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.db import transaction

from platform_core import clock, scoping, tokens
from platform_core.errors import DomainError, InvalidInput, NotAllowed, NotAuthenticated
from platform_core.models import AuditEvent, WebhookEndpoint
from tenants.models import Order, RegistrationToken, Server
from tenants.services import registration
from tenants.services.registration import Introduction, Registered
from tests import make
from tests.clocks import at
from tests.processes import race, shared_database

ADDRESS = "http://127.0.0.1:20001"


@pytest.fixture
def server() -> Server:
    return make.server(agent_url=ADDRESS)


def token_for(order: Order) -> str:
    return registration.issue_token(order)[1]


def register(token: str, machine_id: str = "machine-1", agent_url: str = ADDRESS) -> Registered:
    return registration.register(Introduction(token, machine_id, agent_url, "0.1.0"))


def whose(key: str) -> Server | None:
    return registration.server_of_key(key)


def test_a_token_is_traded_for_a_key_once_seen(server: Server) -> None:
    token = token_for(server.order)

    registered = register(token)

    server.refresh_from_db()
    assert registered.hub_api_key.startswith("hk_")
    assert registered.heartbeat_seconds == 300
    assert (server.machine_id, server.agent_version) == ("machine-1", "0.1.0")
    assert server.key_prefix == registered.hub_api_key[:9]
    assert server.registered_at is not None
    stored = str(vars(server)) + str(vars(RegistrationToken.objects.get()))
    assert registered.hub_api_key not in stored
    assert token not in stored
    assert whose(registered.hub_api_key) == server
    endpoint = WebhookEndpoint.objects.get()
    assert (endpoint.url, endpoint.owner_id, endpoint.enrolled) == (ADDRESS, server.pk, True)
    assert endpoint.organization_id == server.order.organization_id
    assert endpoint.secrets == registered.webhook_secret
    event = AuditEvent.objects.get(action="server.register")
    assert (event.actor_type, event.actor_id) == ("server", str(server.pk))
    assert registered.hub_api_key not in str(event.changes)


def test_the_same_machine_may_ask_again_and_gets_a_new_key(server: Server) -> None:
    token = token_for(server.order)
    first = register(token)

    second = register(token)

    assert second.server == first.server
    assert second.hub_api_key != first.hub_api_key
    assert second.webhook_secret == first.webhook_secret
    assert Server.objects.count() == WebhookEndpoint.objects.count() == 1


def test_the_key_that_was_used_stays_valid_until_the_new_one_is(server: Server) -> None:
    token = token_for(server.order)
    used = register(token).hub_api_key
    assert whose(used) == server
    # Two answers are lost; the key in use must survive both.
    lost = register(token).hub_api_key
    arrived = register(token).hub_api_key

    assert whose(used) == server
    assert whose(lost) is None
    assert whose(arrived) == server
    assert whose(used) is None
    assert whose(arrived) == server


def test_a_key_that_was_never_used_is_not_kept(server: Server) -> None:
    token = token_for(server.order)
    lost = register(token).hub_api_key
    arrived = register(token).hub_api_key

    assert whose(lost) is None
    assert whose(arrived) == server


def test_another_machine_is_refused_and_told_of(server: Server) -> None:
    token = token_for(server.order)
    key = register(token).hub_api_key

    with pytest.raises(NotAllowed):
        register(token, "machine-2")

    server.refresh_from_db()
    assert server.machine_id == "machine-1"
    assert whose(key) == server
    event = AuditEvent.objects.get(action="server.register_refused")
    assert event.changes == {"machine_id": "machine-2"}


def test_a_token_without_a_machine_is_bound_to_no_machine(server: Server) -> None:
    token = token_for(server.order)
    register(token, "")

    register(token, "")
    with pytest.raises(NotAllowed):
        register(token, "machine-2")


def test_an_address_is_never_taken_from_the_agents_word(server: Server) -> None:
    token = token_for(server.order)

    for address in ("http://169.254.169.254/", "http://127.0.0.1:20002", "http://127.0.0.1:20001@evil.test"):
        with pytest.raises(InvalidInput) as caught:
            register(token, agent_url=address)
        assert list(caught.value.details) == ["agentUrl"]

    assert not WebhookEndpoint.objects.exists()
    assert RegistrationToken.objects.get().used_at is None
    register(token, agent_url=f"{ADDRESS}/")
    assert WebhookEndpoint.objects.get().url == ADDRESS


def test_an_agent_need_not_name_its_address(server: Server) -> None:
    register(token_for(server.order), agent_url="")
    assert WebhookEndpoint.objects.get().url == ADDRESS


@pytest.mark.parametrize("token", ["", "rt_wrong", "hk_wrong"])
def test_a_wrong_token_is_refused(server: Server, token: str) -> None:
    token_for(server.order)
    with pytest.raises(NotAuthenticated):
        register(token)


def test_a_token_is_valid_for_a_day(server: Server) -> None:
    token = token_for(server.order)
    issued_at = clock.now()

    with at(issued_at + timedelta(hours=23, minutes=59)):
        assert registration.waiting_token(server.order) is not None
        register(token)
    with at(issued_at + timedelta(hours=24, minutes=1)):
        assert registration.waiting_token(server.order) is None
        with pytest.raises(NotAuthenticated):
            register(token)


def test_a_token_ends_the_one_before_it(server: Server) -> None:
    first, second = token_for(server.order), token_for(server.order)

    with pytest.raises(NotAuthenticated):
        register(first)
    register(second)


def test_a_new_token_admits_a_new_machine(server: Server) -> None:
    """As when a server had to be set up anew."""
    old = register(token_for(server.order)).hub_api_key
    assert whose(old) == server

    new = register(token_for(server.order), "machine-2").hub_api_key

    server.refresh_from_db()
    assert server.machine_id == "machine-2"
    assert whose(new) == server
    assert whose(old) is None


def test_a_key_is_found_under_an_older_pepper(server: Server, settings: object) -> None:
    key = register(token_for(server.order)).hub_api_key
    stored = Server.objects.values_list("key_digest", flat=True).get()
    assert stored in tokens.digests(key)

    settings.TOKEN_PEPPERS = ["p2:newer", *settings.TOKEN_PEPPERS]  # type: ignore[attr-defined]

    assert whose(key) == server
    assert whose("hk_unknown") is None


@pytest.mark.django_db(transaction=True)
def test_of_many_machines_with_one_token_exactly_one_is_admitted(tmp_path: Path) -> None:
    with scoping.system(), transaction.atomic():
        server = make.server(agent_url=ADDRESS)
        token = token_for(server.order)
    with shared_database(tmp_path):

        def ask(number: int) -> tuple[int, str]:
            try:
                return number, register(token, f"machine-{number}").hub_api_key
            except DomainError as error:
                return number, f"refused {error.status}"

        outcomes = dict(race(8, ask))

        winners = {number: key for number, key in outcomes.items() if key.startswith("hk_")}
        assert len(winners) == 1
        assert list(outcomes.values()).count("refused 403") == 7
        ((number, key),) = winners.items()
        server.refresh_from_db()
        assert server.machine_id == f"machine-{number}"
        assert whose(key) == server


@pytest.mark.django_db(transaction=True)
def test_one_machine_that_asks_many_times_at_once_has_one_server_and_one_working_key(tmp_path: Path) -> None:
    with scoping.system(), transaction.atomic():
        server = make.server(agent_url=ADDRESS)
        token = token_for(server.order)
    with shared_database(tmp_path):
        keys = race(8, lambda _: register(token).hub_api_key)

        assert len(set(keys)) == 8
        assert WebhookEndpoint.objects.count() == 1
        assert sum(whose(key) == server for key in keys) == 1
