"""Opaque credentials."""

import re
from typing import Any

from platform_core import tokens


def test_a_token_is_long_random_and_says_what_it_is() -> None:
    first, second = tokens.new("hk"), tokens.new("hk")

    assert re.fullmatch(r"hk_[A-Za-z0-9_-]{43}", first)
    assert first != second


def test_only_the_digest_is_stored_and_it_names_its_pepper(settings: Any) -> None:
    settings.TOKEN_PEPPERS = ["p2:newer", "p1:older"]
    token = tokens.new("hk")

    digest = tokens.digest(token)

    assert re.fullmatch(r"p2:[0-9a-f]{64}", digest)
    assert token not in digest
    assert len(digest) <= 100
    assert digest == tokens.digest(token)
    assert digest != tokens.digest(token + "x")


def test_without_the_pepper_a_digest_cannot_be_made_again(settings: Any) -> None:
    settings.TOKEN_PEPPERS = ["p1:one"]
    digest = tokens.digest("hk_x")
    settings.TOKEN_PEPPERS = ["p1:another"]

    assert tokens.digest("hk_x") != digest


def test_a_token_is_found_under_every_pepper_in_use(settings: Any) -> None:
    settings.TOKEN_PEPPERS = ["p1:older"]
    stored = tokens.digest("hk_x")

    settings.TOKEN_PEPPERS = ["p2:with:colon", "p1:older"]

    assert stored in tokens.digests("hk_x")
    assert tokens.digests("hk_x")[0] == tokens.digest("hk_x")
    settings.TOKEN_PEPPERS = ["p2:with:colon"]
    assert stored not in tokens.digests("hk_x")
