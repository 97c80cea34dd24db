"""What each object looks like at the moment it is made: every field that Stripe's own documentation names.

Two kinds of field never leave the sandbox: names that begin with an underscore are what Stripe knows but does not
show, and references to objects are held by id and filled in by `wire` where Stripe embeds them.
"""

from typing import Any

Json = dict[str, Any]
