"""Every order in which a pending sign-in is tried, waited for, ended and completed: it opens once, by a right code."""

from datetime import timedelta
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from identity.models import PendingSignIn, User
from identity.services import pending_sign_in, recovery_codes
from platform_core import clock, tokens
from platform_core.errors import NotAuthenticated, RateLimited
from tests import authenticators, make
from tests.authenticators import code, wrong_code

TRIES = PendingSignIn.TRIES


class PendingMachine(RuleBasedStateMachine):
    """One person, an app, ten recovery codes, and as many pending sign-ins as are begun."""

    @initialize()
    def begin(self) -> None:
        self.user: User = make.user()
        self.secret = authenticators.app_of(self.user)
        self.codes = recovery_codes.generate(self.user, by=self.user)
        self.used: set[str] = set()
        # Of each pending sign-in: its token, how many tries are spent, and whether it can still be completed.
        self.pendings: list[dict[str, Any]] = []
        self.wrong_in_a_row = 0
        self.completed = 0
        self.last_step = -2
        self.another()

    @rule()
    def another(self) -> None:
        token = pending_sign_in.begin(self.user, form="tokens", methods=["pwd"])
        self.pendings.append({"token": token, "tries": 0, "open": True})

    @rule(at=st.integers(0, 20), steps=st.integers(-1, 1))
    def enter_the_apps_code(self, at: int, steps: int) -> None:
        fresh = steps > self.last_step
        if self.enter(at, code(self.secret, steps=steps), is_right=fresh) == "otp":
            self.last_step = steps

    @rule(at=st.integers(0, 20), number=st.integers(0, 9))
    def enter_a_recovery_code(self, at: int, number: int) -> None:
        entered = self.codes[number]
        if self.enter(at, entered, is_right=entered not in self.used) == "rc":
            self.used.add(entered)

    @rule(at=st.integers(0, 20))
    def enter_a_wrong_code(self, at: int) -> None:
        assert self.enter(at, wrong_code(self.secret), is_right=False) is None

    @rule(at=st.integers(0, 20))
    def wait_too_long(self, at: int) -> None:
        pending = self.pendings[at % len(self.pendings)]
        token = tokens.digests(pending["token"])
        PendingSignIn.objects.filter(token_digest__in=token).update(expires_at=clock.wall() - timedelta(seconds=1))
        pending["open"] = False

    @rule()
    def end_everything(self) -> None:
        User.objects.filter(pk=self.user.pk).update(security_version=self.user.security_version + 1)
        self.user.refresh_from_db()
        for pending in self.pendings:
            pending["open"] = False

    def enter(self, at: int, entered: str, *, is_right: bool) -> str | None:
        """Try one of them; gives the method when it opened, and holds the answer against what we believe."""
        pending = self.pendings[at % len(self.pendings)]
        blocked = self.wrong_in_a_row >= 10
        expected = pending["open"] and is_right and not blocked
        refused: Exception | None = None
        try:
            method = pending_sign_in.prove_by_code(pending_sign_in.of_token(pending["token"]), entered)
        except (NotAuthenticated, RateLimited) as error:
            refused = error
        assert expected == (refused is None)
        if refused is not None:
            assert isinstance(refused, RateLimited) == (pending["open"] and blocked)
            self.count(pending, wrong=not blocked)
            return None
        pending["open"] = False
        self.completed += 1
        self.wrong_in_a_row = 0
        return method

    def count(self, pending: dict[str, Any], *, wrong: bool) -> None:
        if not pending["open"]:
            return
        pending["tries"] += 1
        pending["open"] = pending["tries"] < TRIES
        self.wrong_in_a_row += wrong

    @invariant()
    def what_is_stored_is_what_we_believe(self) -> None:
        stored = PendingSignIn.objects.filter(user=self.user)
        assert stored.filter(completed_at__isnull=False).count() <= self.completed
        assert stored.usable().count() == sum(each["open"] for each in self.pendings)
        person = User.objects.get(pk=self.user.pk)
        assert recovery_codes.left(person) == 10 - len(self.used)
        assert person.wrong_codes == self.wrong_in_a_row


def test_a_pending_sign_in_opens_once_by_a_right_code() -> None:
    run_state_machine_as_test(
        PendingMachine, settings=hypothesis_settings(max_examples=12, stateful_step_count=15, deadline=None)
    )


def test_whoever_is_late_finds_it_spent_or_completed() -> None:
    user = make.user()
    secret = authenticators.app_of(user)
    pending = pending_sign_in.of_token(pending_sign_in.begin(user, form="tokens", methods=["pwd"]))
    PendingSignIn.objects.update(tries=TRIES)
    with pytest.raises(NotAuthenticated, match="has ended"):
        pending_sign_in.prove_by_code(pending, code(secret))

    PendingSignIn.objects.update(tries=0)
    assert PendingSignIn.objects.take(pending.pk)
    assert not PendingSignIn.objects.take(pending.pk)


def test_while_one_proof_is_looked_at_no_other_is_and_a_wrong_one_gives_it_back() -> None:
    user = make.user()
    secret = authenticators.app_of(user)
    pending = pending_sign_in.of_token(pending_sign_in.begin(user, form="tokens", methods=["pwd"]))
    assert PendingSignIn.objects.take(pending.pk)
    with pytest.raises(NotAuthenticated, match="has ended"):
        pending_sign_in.prove_by_code(pending, code(secret))

    PendingSignIn.objects.give_back(pending.pk)
    with pytest.raises(NotAuthenticated, match="not correct"):
        pending_sign_in.prove_by_code(pending, wrong_code(secret))
    assert pending_sign_in.prove_by_code(pending, code(secret)) == "otp"
    with pytest.raises(NotAuthenticated, match="has ended"):
        pending_sign_in.prove_by_code(pending, code(secret))
    assert User.objects.get(pk=user.pk).last_login == pending.user.last_login


def test_old_ones_are_cleared_away_when_their_person_begins_again() -> None:
    user = make.user()
    pending_sign_in.begin(user, form="tokens", methods=["pwd"])
    PendingSignIn.objects.update(expires_at=clock.wall())

    pending_sign_in.begin(user, form="tokens", methods=["pwd"])

    assert PendingSignIn.objects.count() == 1
