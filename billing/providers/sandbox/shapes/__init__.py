"""What each object looks like at the moment it is made: every field that Stripe's own documentation names.

Two kinds of field never leave the sandbox: names that begin with an underscore are what Stripe knows but does not
show, and references to objects are held by id and filled in by `wire` where Stripe embeds them.
"""

from typing import Any

Json = dict[str, Any]


def copied(value: Any) -> Any:
    """Another object with the same in it. What is JSON needs none of what makes `deepcopy` slow."""
    if isinstance(value, dict):
        return {name: copied(part) for name, part in value.items()}
    return [copied(part) for part in value] if isinstance(value, list) else value
