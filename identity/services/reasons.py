"""Why staff do what they seldom should: said in their own words, recorded, and told to the person."""

from platform_core.errors import InvalidInput

SHORTEST = 8
LONGEST = 500


def stated(reason: str) -> str:
    """The reason without needless spaces; one that says nothing is refused."""
    reason = " ".join(reason.split())
    if not SHORTEST <= len(reason) <= LONGEST:
        raise InvalidInput("Say why.", details={"reason": [f"{SHORTEST} to {LONGEST} characters: they are recorded."]})
    return reason
