"""Confirming addresses."""

import re
from typing import Any

import pytest
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from django.db import connection

from identity.models import User
from identity.services import addresses, codes, passwords
from platform_core.errors import InvalidInput
from platform_core.models import AuditEvent, Mail
from tests import make

INSERT = 'INSERT INTO "account_emailaddress" ("user_id", "email", "verified", "primary") VALUES (%s, %s, %s, %s)'


def mailed_key() -> str:
    found = re.search(r"/accounts/confirm-email/([^/]+)/", Mail.objects.latest("created_at").text)
    assert found
    return found[1]


def test_the_mailed_key_confirms_the_address() -> None:
    user = make.user("ada@example.test", confirmed=False)
    addresses.send_confirmation(addresses.own(user))
    assert not addresses.is_confirmed(user)

    assert addresses.confirm_by_key(mailed_key()) == user

    assert addresses.is_confirmed(user)
    event = AuditEvent.objects.get()
    assert (event.action, event.actor_id) == ("user.confirm_address", str(user.pk))


@pytest.mark.parametrize("key", ["", "nonsense", "MQ:1abc:forged", "é"])
def test_any_other_key_is_refused(key: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        addresses.confirm_by_key(key)

    assert list(caught.value.details) == ["token"]


def test_a_key_works_once() -> None:
    addresses.send_confirmation(addresses.own(make.user(confirmed=False)))
    key = mailed_key()
    addresses.confirm_by_key(key)

    with pytest.raises(InvalidInput):
        addresses.confirm_by_key(key)

    assert AuditEvent.objects.count() == 1


def test_an_address_that_somebody_else_confirmed_meanwhile_is_refused() -> None:
    user = make.user("ada@example.test", confirmed=False)
    addresses.send_confirmation(addresses.own(user))
    EmailAddress.objects.create(user=make.user(), email="ada@example.test", verified=True)

    with pytest.raises(InvalidInput):
        addresses.confirm_by_key(mailed_key())

    assert not addresses.is_confirmed(user)
    assert not AuditEvent.objects.exists()


def test_confirming_twice_is_one_event() -> None:
    user = make.user()
    address = EmailAddress.objects.get(user=user)

    assert addresses.confirm(address)
    assert not AuditEvent.objects.exists()


def test_somebody_without_an_address_row_gets_one_when_they_prove_it() -> None:
    user = make.user()
    EmailAddress.objects.all().delete()

    addresses.confirm_own(user)

    address = EmailAddress.objects.get()
    assert (address.email, address.primary, address.verified) == (user.email, True, True)


def mailed_code() -> str:
    found = re.search(
        r"\d{4} \d{4}", Mail.objects.filter(template="identity/confirm_address").latest("created_at").text
    )
    assert found
    return found[0]


def test_the_mailed_code_confirms_too_and_once() -> None:
    kim = make.user("kim@example.test", confirmed=False)
    addresses.send_confirmation(addresses.own(kim))

    assert addresses.confirm_by_code("Kim@example.test", mailed_code()) == kim
    assert addresses.is_confirmed(kim)
    with pytest.raises(InvalidInput):
        addresses.confirm_by_code("kim@example.test", mailed_code())


@pytest.mark.parametrize("email", ["kim@example.test", "nobody@example.test"])
def test_a_wrong_code_says_the_same_of_known_and_unknown_addresses(email: str) -> None:
    addresses.send_confirmation(addresses.own(make.user("kim@example.test", confirmed=False)))

    with pytest.raises(InvalidInput) as caught:
        addresses.confirm_by_code(email, "0000 0000")

    assert caught.value.details == {"code": ["Not valid, used or expired."]}


def test_another_address_takes_the_place_of_the_first_and_the_first_is_told() -> None:
    kim = make.user("kim@example.test")

    addresses.request_change(kim, "New@Example.test", by=kim)

    pending = addresses.pending(kim)
    assert pending is not None
    assert (kim.email, pending.email) == ("kim@example.test", "new@example.test")
    assert addresses.confirm_by_code("new@example.test", mailed_code()) == kim
    kim.refresh_from_db()
    assert (kim.email, addresses.pending(kim)) == ("new@example.test", None)
    assert EmailAddress.objects.values_list("email", "primary", "verified").get() == ("new@example.test", True, True)
    told = Mail.objects.latest("created_at")
    assert told.to == "kim@example.test"
    assert "you sign in with another address from now on" in told.text
    assert AuditEvent.objects.filter(action="user.change_address").count() == 1


def test_the_link_to_one_address_does_not_confirm_the_next() -> None:
    kim = make.user("kim@example.test")
    addresses.request_change(kim, "mine@example.test", by=kim)
    key = EmailConfirmationHMAC(addresses.pending(kim)).key
    code = mailed_code()

    addresses.request_change(kim, "victim@example.test", by=kim)

    with pytest.raises(InvalidInput):
        addresses.confirm_by_key(key)
    with pytest.raises(InvalidInput):
        addresses.confirm_by_code("victim@example.test", code)
    kim.refresh_from_db()
    assert kim.email == "kim@example.test"


def test_an_address_that_somebody_takes_meanwhile_is_not_confirmed() -> None:
    kim = make.user("kim@example.test")
    addresses.request_change(kim, "new@example.test", by=kim)
    make.user("new@example.test", confirmed=False)

    with pytest.raises(InvalidInput):
        addresses.confirm_by_code("new@example.test", mailed_code())

    kim.refresh_from_db()
    assert kim.email == "kim@example.test"


def test_ones_own_address_is_no_change() -> None:
    kim = make.user("kim@example.test")

    with pytest.raises(InvalidInput):
        addresses.request_change(kim, " Kim@example.test", by=kim)


def test_what_was_mailed_to_the_first_address_opens_nothing_afterwards() -> None:
    kim = make.user("kim@example.test")
    passwords.send_link(kim)
    codes.new(kim, "sign_in", kim.email)
    addresses.request_change(kim, "new@example.test", by=kim)

    addresses.confirm_by_code("new@example.test", mailed_code())

    assert not kim.password_links.exists()
    assert not kim.mailed_codes.exists()


# Seen by the statement that confirms, and not before the person moves to the address.
@pytest.mark.parametrize(
    ("before", "overtaking", "values"),
    [
        ('UPDATE "account_emailaddress"', INSERT, ("new@example.test", True, False)),
        ('UPDATE "identity_user"', 'UPDATE "identity_user" SET "email" = %s WHERE "id" = %s', ("new@example.test",)),
    ],
)
def test_of_two_who_confirm_one_address_at_once_one_is_refused(before: str, overtaking: str, values: Any) -> None:
    kim, quicker = make.user("kim@example.test"), make.user("quicker@example.test")
    addresses.request_change(kim, "new@example.test", by=kim)
    late = addresses.pending(kim)

    def overtake(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith(before):
            whose = User._meta.pk.get_db_prep_value(quicker.pk, connection)
            given = (whose, *values) if overtaking is INSERT else (*values, whose)
            execute(overtaking, given, False, context)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(overtake):
        assert addresses.confirm(late) is False

    kim.refresh_from_db()
    assert kim.email == "kim@example.test"
