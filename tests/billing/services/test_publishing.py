"""What staff are told of publishing."""

from billing.services.publishing import Published, Refusal


def test_what_was_published_and_what_was_refused_is_said_in_one_line() -> None:
    assert str(Published(2)) == "2 published"
    assert str(Published(1, (Refusal("SPRING", "It is taken."),))) == "1 published; SPRING refused: It is taken."
