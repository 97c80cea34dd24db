"""Sharing out an amount so that the parts sum to the whole, in integers."""

from collections.abc import Sequence


def half_up(numerator: int, denominator: int) -> int:
    """The quotient, rounded once, half a unit upwards."""
    return (2 * numerator + denominator) // (2 * denominator)


def apportion(amount: int, weights: Sequence[int]) -> list[int]:
    """Shares by weight that sum to the amount exactly: what rounding leaves over goes to the largest remainders.

    Each share is its exact quota rounded down or up. Weights that sum to zero give everything to the first.
    """
    whole = sum(weights)
    if whole == 0:
        return [amount, *[0] * (len(weights) - 1)] if weights else []
    shares, remainders = zip(*(divmod(amount * weight, whole) for weight in weights), strict=True)
    left = amount - sum(shares)
    # Divided by a negative whole, remainders are negative: their size tells how much was cut off.
    order = sorted(range(len(weights)), key=lambda place: (-abs(remainders[place]), place))
    favoured = set(order[:left])
    return [share + (place in favoured) for place, share in enumerate(shares)]
