"""The next pair of tokens, for browsers that keep theirs in cookies."""

from identity.api.account.auth import AuthRefresh


class Refresh(AuthRefresh):
    """Spend the refresh cookie for the next pair of tokens."""

    access = {"POST": "anyone"}
