"""One line of text, as names are: what is shown later is what was typed."""

import re

# Control characters, line breaks, and marks that turn the direction of what follows.
BREAKING = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
ONE_LINE = "One line of text, without control characters."


def is_one(text: str) -> bool:
    """Whether the text, but for what surrounds it, stays on its line."""
    return not BREAKING.search(text.strip())
