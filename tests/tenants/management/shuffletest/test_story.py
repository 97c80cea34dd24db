"""What a life must come to, by hand."""

import random

import pytest

from tenants.management.shuffletest.story import Act, Asked, Moment, State, TrialEnd, choose

CHANCE = random.Random(0)  # noqa: S311 - which act it is
HALF = Moment(at=50, period_start=0, period_end=100)


def begun(plan: str = "pages-team") -> State:
    state = State(plan)
    state.begin_period("subscription_create")
    return state


def test_a_change_in_the_middle_is_credited_and_charged_by_its_part() -> None:
    state = begun()
    state.act(Act.UPGRADE, HALF)
    state.end_month()
    state.act(Act.SEATS, Moment(at=99, period_start=0, period_end=100), seats=2)

    totals = [asked.total_minor for asked in state.invoices]
    assert totals == [6_500, 7_500 - 3_250, 15_000, 300 - 150]
    assert (state.mrr_minor, {asked.status for asked in state.invoices}) == (30_000, {"paid"})


def test_a_second_change_in_a_month_credits_what_the_first_one_charged() -> None:
    state = begun()
    state.act(Act.SEATS, Moment(at=25, period_start=0, period_end=100), seats=2)
    state.act(Act.DOWNGRADE)
    state.act(Act.UPGRADE, Moment(at=75, period_start=0, period_end=100))

    # Three quarters of two were charged; of that a third is left.
    assert [asked.total_minor for asked in state.invoices] == [6_500, 9_750 - 4_875, 7_500 - 3_250]


def test_what_the_bank_wants_confirmed_is_charged_once_it_is_and_else_as_if_it_had_not_been() -> None:
    state = begun()
    state.act(Act.LAPSED, HALF, seats=2)
    (_, asked) = state.invoices
    assert (state.seats, state.mrr_minor, state.at_hand_minor) == (1, 6_500, 0)
    assert (asked.status, asked.payment, asked.total_minor) == ("void", (3_250, "canceled"), 0)

    state.act(Act.CONFIRMED, HALF, seats=2)
    assert (state.seats, state.invoices[-1].payment, state.mrr_minor) == (2, (3_250, "succeeded"), 13_000)


def test_what_is_beside_the_plan_is_credited_and_charged_by_itself() -> None:
    state = begun()
    state.act(Act.MORE_ADD_ONS, HALF)
    state.act(Act.SEATS, HALF, seats=2)
    state.act(Act.MORE_ADD_ONS, Moment(at=75, period_start=0, period_end=100))
    assert [asked.total_minor for asked in state.invoices] == [6_500, 350, 6_500 - 3_250, 350 - 175]

    state.end_month()
    state.act(Act.MORE_ADD_ONS, HALF)
    assert (state.mrr_minor, state.invoices[-2].total_minor) == (13_000 + 1_400 + 450, 13_000 + 1_400)
    state.act(Act.NO_ADD_ONS)
    state.end_month()
    assert (state.add_ons, state.invoices[-1].total_minor, state.mrr_minor) == (0, 13_000, 13_000)
    with pytest.raises(ValueError, match="moment"):
        state.act(Act.MORE_ADD_ONS)


def test_what_a_change_gives_back_pays_for_what_comes_next() -> None:
    state = begun("pages-business")
    state.act(Act.DOWNGRADE)
    state.act(Act.SEATS, HALF, seats=2)
    state.end_month()

    told = [(asked.total_minor, asked.paid_minor, asked.status) for asked in state.invoices]
    assert told == [(15_000, 15_000, "paid"), (6_500 - 7_500, 0, "paid"), (13_000, 12_000, "paid")]


def test_a_card_that_breaks_and_is_mended() -> None:
    state = begun()
    state.act(Act.BREAK_CARD)
    assert choose(state, CHANCE) == (Act.NOTHING, 0)
    state.end_month()
    assert (state.status, state.invoices[-1]) == ("past_due", Asked("subscription_cycle", 6_500, 0, 6_500))

    state.act(Act.MEND_CARD)
    assert (state.status, state.invoices[-1].status, state.mrr_minor) == ("active", "paid", 6_500)


def test_whoever_does_not_mend_it_is_given_up() -> None:
    state = begun()
    state.act(Act.BREAK_CARD)
    state.end_month()
    state.end_month()

    assert (state.status, state.mrr_minor, len(state.invoices)) == ("canceled", 0, 2)
    assert choose(state, CHANCE) == (Act.NOTHING, 0)


@pytest.mark.parametrize(("resumed", "status", "invoices"), [(False, "canceled", 1), (True, "active", 2)])
def test_notice_counts_at_the_end_unless_it_is_taken_back(resumed: bool, status: str, invoices: int) -> None:
    state = begun()
    state.act(Act.GIVE_NOTICE)
    if resumed:
        state.act(Act.RESUME)
    state.end_month()

    assert (state.status, len(state.invoices)) == (status, invoices)


def test_a_downgrade_costs_less_from_the_next_month_on_and_an_end_nothing_more() -> None:
    state = begun("pages-business")
    state.act(Act.DOWNGRADE)
    state.end_month()
    state.act(Act.CANCEL)
    state.end_month()

    assert [asked.total_minor for asked in state.invoices] == [15_000, 6_500]
    assert state.status == "canceled"


def test_a_change_has_a_moment() -> None:
    with pytest.raises(ValueError, match="moment"):
        begun().act(Act.UPGRADE)


@pytest.mark.parametrize(
    ("end", "status", "totals", "brings"),
    [
        (TrialEnd.CHARGE, "active", [0, 6_500], 6_500),
        (TrialEnd.PAUSE, "paused", [0], 0),
        (TrialEnd.CANCEL, "canceled", [0], 0),
    ],
)
def test_a_trial_costs_nothing_and_then_it_depends(end: TrialEnd, status: str, totals: list[int], brings: int) -> None:
    state = State("pages-team")
    state.begin_trial(end)
    assert (choose(state, CHANCE), state.mrr_minor) == ((Act.NOTHING, 0), 0)

    state.end_month()

    assert (state.status, [asked.total_minor for asked in state.invoices]) == (status, totals)
    assert (state.mrr_minor, state.invoices[0].payment) == (brings, None)


def test_a_debit_arrives_after_the_renewal_was_asked_for() -> None:
    state = begun()
    state.by_debit = True
    state.end_month()
    assert (state.invoices[-1].status, state.invoices[-1].payment) == ("open", (6_500, "pending"))

    state.act(Act.SEATS, HALF, seats=2)
    state.debits_arrive("subscription_cycle")

    assert [asked.payment for asked in state.invoices[1:]] == [(6_500, "succeeded"), (3_250, "pending")]
    assert state.invoices[1].fee_minor == 52
    state.end_month()
    assert [asked.status for asked in state.invoices] == ["paid", "paid", "paid", "open"]


def test_of_a_payment_something_is_taken_back_once() -> None:
    state = begun("pages-business")
    state.act(Act.REFUND)
    assert (state.refunds, state.at_hand_minor) == ([7_500], 0)

    state.end_month()
    state.act(Act.WIN_DISPUTE)
    state.end_month()
    state.act(Act.LOSE_DISPUTE)

    assert state.disputes == [(15_000, "won"), (15_000, "lost")]
    assert state.invoices[0].fee_minor == 465


def test_whoever_is_known_buys_something_else_too() -> None:
    state = begun()
    state.act(Act.BUY_ONCE)

    assert ([asked.payment for asked in state.once], len(state.invoices)) == ([(1_900, "succeeded")], 1)
    assert state.mrr_minor == 6_500


def test_only_what_makes_sense_is_done() -> None:
    """Everything that a story may choose is chosen in time, and a bank account is neither refunded nor disputed."""
    card, bank = begun(), begun()
    card.is_known, bank.by_debit = True, True
    chance = random.Random(1)  # noqa: S311 - which act it is

    chosen = {choose(card, chance)[0] for _ in range(2000)}
    assert chosen == set(Act) - {Act.DOWNGRADE, Act.RESUME, Act.MEND_CARD, Act.NO_ADD_ONS}
    assert {choose(bank, chance)[0] for _ in range(2000)} == chosen - {
        Act.BREAK_CARD,
        Act.REFUND,
        Act.WIN_DISPUTE,
        Act.LOSE_DISPUTE,
        Act.BUY_ONCE,
        Act.CONFIRMED,
        Act.LAPSED,
    }


def test_what_may_cost_nothing_is_not_asked_of_a_bank() -> None:
    """More seats of the smaller plan can cost less than what was paid for the larger one."""
    state = begun("pages-business")
    state.act(Act.DOWNGRADE)
    chance = random.Random(1)  # noqa: S311 - which act it is

    assert not {Act.CONFIRMED, Act.LAPSED} & {choose(state, chance)[0] for _ in range(2000)}
    state.end_month()
    assert {Act.CONFIRMED, Act.LAPSED} <= {choose(state, chance)[0] for _ in range(2000)}
