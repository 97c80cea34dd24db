"""Reading Stripe's objects as the plain JSON that they come in.

A purchase is read anew with every event, and the library's objects are turned back into JSON at once: building them
took longer than everything else of a reading.
"""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

import stripe

PAGE = 100


class PlainApi:
    """Reads with a client of ours: its key, version, retries and errors. Paths begin after `/v1/`."""

    def __init__(self, client: stripe.StripeClient) -> None:
        self.client = client

    def one(self, collection: str, object_id: str, *, expand: list[str] | None = None) -> dict[str, Any]:
        """The object of this id; a library error where there is none."""
        return self._get(f"{collection}/{quote(object_id, safe='')}", {"expand": expand} if expand else {})

    def first(self, collection: str, **narrowed: Any) -> dict[str, Any] | None:
        """The newest of a list, or None."""
        found: list[dict[str, Any]] = self._get(collection, {**narrowed, "limit": 1})["data"]
        return found[0] if found else None

    def all(self, collection: str, **narrowed: Any) -> Iterator[dict[str, Any]]:
        """Each of a list, newest first, page by page."""
        cursor: dict[str, str] = {}
        while True:
            page = self._get(collection, {**narrowed, **cursor, "limit": PAGE})
            yield from page["data"]
            if not page["has_more"]:
                return
            cursor = {"starting_after": page["data"][-1]["id"]}

    def _get(self, path: str, params: Mapping[str, Any]) -> dict[str, Any]:
        answer = self.client.raw_request("get", f"/v1/{path}", **params)
        found: dict[str, Any] = answer.data
        return found
