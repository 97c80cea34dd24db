"""Charts: geometry that can be checked by hand, and words for those who do not see it."""

from datetime import date

import pytest
from django.template import Context, Template

from platform_core.portal.templatetags.charts import DayValue, daily_bars, meter, nice_ceiling, share
from tests.pages import Outline

WEEK = [DayValue(date(2026, 3, day), value) for day, value in enumerate((0, 100, 400, 200, 100, 100, 100), start=1)]


def render(template: str, **context: object) -> str:
    return Template("{% load charts %}" + template).render(Context(context))


@pytest.mark.parametrize(
    ("highest", "ceiling"),
    [(0, 4), (1, 4), (4, 4), (5, 8), (9, 12), (13, 20), (21, 40), (400, 400), (401, 800), (1_234_567, 2_000_000)],
)
def test_the_scale_is_the_next_number_whose_quarters_are_round(highest: int, ceiling: int) -> None:
    assert nice_ceiling(highest) == ceiling


def test_bars_stand_on_the_base_line_and_share_the_width() -> None:
    bars = daily_bars(WEEK, "Tokens")["bars"]

    assert [bar.height for bar in bars] == [0, 42, 168, 84, 42, 42, 42]
    assert [bar.y + bar.height for bar in bars] == [182] * 7
    assert bars[0].x == 2.0
    assert bars[-1].x + bars[-1].width < 100
    assert {bar.width for bar in bars} == {10.286}


def test_days_past_the_allotment_are_marked_from_the_day_that_crosses_it() -> None:
    chart = daily_bars(WEEK, "Tokens", allotment=600)

    assert [bar.over for bar in chart["bars"]] == [False, False, False, True, True, True, True]
    assert chart["has_over"] is True


def test_exactly_the_allotment_is_not_past_it() -> None:
    assert daily_bars(WEEK, "Tokens", allotment=1_000)["has_over"] is False


def test_the_picture_says_in_words_what_it_shows_and_has_a_table_beside_it() -> None:
    html = render("{% daily_bars points 'Tokens per day' %}", points=WEEK)

    assert 'aria-label="Tokens per day: 1,000 in 7 days, most on 3 March (400)."' in html
    assert '<td>Tue 3 Mar 2026</td><td class="num">400</td>' in html
    assert html.count('class="bar"') == 6
    assert "style=" not in html


def test_a_month_gets_five_labels_and_the_last_ends_at_the_edge() -> None:
    month = [DayValue(date(2026, 3, day), day) for day in range(1, 32)]

    labels = daily_bars(month, "Tokens")["labels"]

    assert [label.day.day for label in labels] == [1, 9, 16, 23, 31]
    assert [(label.x, label.anchor) for label in (labels[0], labels[-1])] == [(0.0, "start"), (100.0, "end")]


def test_days_to_come_have_room_but_no_bar() -> None:
    chart = daily_bars(WEEK, "Tokens", until=date(2026, 3, 28))

    assert len(chart["bars"]) == 7
    assert chart["bars"][-1].x + chart["bars"][-1].width < 25
    assert chart["labels"][-1].day == date(2026, 3, 28)


def test_a_single_day_has_one_bar_and_one_label() -> None:
    chart = daily_bars([DayValue(date(2026, 3, 1), 4)], "Tokens")

    assert len(chart["bars"]) == 1
    assert len(chart["labels"]) == 1


def test_no_days_draw_an_empty_scale() -> None:
    html = render("{% daily_bars points 'Tokens per day' %}", points=[])

    assert 'aria-label="Tokens per day: 0 in 0 days."' in html
    assert 'class="bar"' not in html


def test_a_meter_shows_its_share() -> None:
    assert meter(5, 20, "Tokens") == {"label": "Tokens", "used": 5, "allotment": 20, "within": 25, "beyond": 0}


def test_a_meter_past_its_end_shows_the_allotment_as_a_part_of_what_was_used() -> None:
    shown = meter(20, 15, "Tokens")

    assert (shown["within"], shown["beyond"]) == (75, 25)


@pytest.mark.parametrize(("used", "within", "beyond"), [(0, 0, 0), (3, 0, 100)])
def test_a_meter_without_an_allotment_does_not_divide_by_it(used: int, within: float, beyond: float) -> None:
    shown = meter(used, 0, "Tokens")

    assert (shown["within"], shown["beyond"]) == (within, beyond)


def test_a_meter_reads_itself_out() -> None:
    html = render("{% meter 16250000 15000000 'Tokens used' %}")

    assert 'aria-label="Tokens used: 16,250,000 of 15,000,000, 108%"' in html
    assert 'class="bar-over" x="92.31%" width="7.69%"' in html


def test_a_share_of_nothing_is_nothing() -> None:
    assert share(3, 0) == {"width": 0}
    assert share(1, 3) == {"width": 33.33}


def test_charts_are_sound_html() -> None:
    outline = Outline()

    outline.feed("<h1>x</h1>" + render("{% daily_bars p 'Tokens' 5 %}{% meter 1 2 'x' %}{% share 1 2 %}", p=WEEK))

    assert outline.faults() == []
