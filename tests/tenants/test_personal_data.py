"""What of orders and servers a person takes away."""

from tests import make
from tests.exported import data_of


def test_their_orders_and_the_servers_of_them_and_no_key() -> None:
    harbour = make.organization("Harbour")
    kim = make.person(harbour)
    server = make.server(make.order(harbour, customer=kim, domain="harbour.tenants.localhost"), key="hk_secret")
    make.server(make.order())

    found = data_of(kim)

    assert [row["domain"] for row in found["orders"]] == ["harbour.tenants.localhost"]
    assert [(row["order__domain"], row["ip_address"]) for row in found["servers"]] == [
        ("harbour.tenants.localhost", "127.0.0.1")
    ]
    assert not {"key_digest", "key_prefix"} & set(found["servers"][0])
    assert server.key_digest not in str(found)


def test_in_an_organization_of_several_owners_only_what_they_ordered() -> None:
    harbour = make.organization("Harbour")
    kim, eve = make.person(harbour), make.person(harbour)
    make.server(make.order(harbour, customer=eve, domain="eves.tenants.localhost"))
    make.order(harbour, customer=kim, domain="kims.tenants.localhost")

    found = data_of(kim)

    assert [row["domain"] for row in found["orders"]] == ["kims.tenants.localhost"]
    assert found["servers"] == []


def test_alone_they_take_what_their_colleagues_ordered_too() -> None:
    harbour = make.organization("Harbour")
    kim = make.person(harbour)
    make.order(harbour, domain="harbour.tenants.localhost", customer=make.user())

    assert [row["domain"] for row in data_of(kim)["orders"]] == ["harbour.tenants.localhost"]
