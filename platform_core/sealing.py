"""What an audit event's place in its chain is computed from.

    hash = SHA-256(hash of the event before ‖ canonical JSON of the event)

What an event says of a person (who acted, as whom, about whom) enters as a digest under a salt of its own. Erasing the
person deletes the words and the salt and keeps the digest: the hash still fits, and nobody can try names against it.
Everything else enters as it is. The canonical form is described in docs/adr/0016.
"""

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from typing import Any

Row = Mapping[str, Any]

VERSION = 1
SALT_BYTES = 16
ERASED = "erased"
# What changes of a person say of them.
PERSONAL = frozenset({"name", "first_name", "last_name", "email", "address"})
ACTOR, IMPERSONATOR, TARGET = "actor", "impersonator", "target"
# Which column holds the id of whom a part is about.
PERSONS = {ACTOR: "actor_id", IMPERSONATOR: "impersonator_id", TARGET: "person_id"}
# What is never erased.
FACTS = (
    "id",
    "organization_id",
    "product",
    "action",
    "actor_type",
    "actor_id",
    "impersonator_id",
    "target_type",
    "target_id",
    "person_id",
    "request_id",
)
WORDS = ("actor_label", "impersonator_label", "target_label", "changes", "ip_address")
FIELDS = (*FACTS, "created_at", *WORDS)


def pseudonym(person_id: object) -> str:
    """What stands in the place of an erased person's address."""
    return f"{person_id}@erased.invalid"


def _json(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _said(row: Row, part: str, names: list[str]) -> list[Any]:
    """What the event says of the one whom a part is about. The address on the network is that of who sat there."""
    if part == TARGET:
        return [row["target_label"], {name: row["changes"][name] for name in names}]
    return [row[f"{part}_label"], row["ip_address"] if _sat_there(row, part) else None]


def _sat_there(row: Row, part: str) -> bool:
    return (part == IMPERSONATOR) == bool(row["impersonator_id"])


def new_proofs(row: Row) -> dict[str, dict[str, Any]]:
    """A salt for each part that says something."""
    proofs: dict[str, dict[str, Any]] = {}
    for part in PERSONS:
        names = sorted(PERSONAL & row["changes"].keys()) if part == TARGET else []
        label, more = _said(row, part, names)
        if label or more:
            proofs[part] = {"salt": secrets.token_hex(SALT_BYTES)} | ({"names": names} if names else {})
    return proofs


def digest(row: Row, part: str, proof: Mapping[str, Any]) -> str:
    """A part's digest: as it was kept when the person was erased, else of what stands there."""
    kept: str | None = proof.get("digest")
    if kept is not None:
        return kept
    said = _json(_said(row, part, proof.get("names", [])))
    return hmac.digest(bytes.fromhex(proof["salt"]), said, "sha256").hex()


def link(before: str, sequence: int, row: Row, proofs: Mapping[str, Mapping[str, Any]]) -> str:
    """The hash of an event at its place."""
    hidden = proofs.get(TARGET, {}).get("names", ())
    canonical: dict[str, Any] = {name: str(row[name]) for name in FACTS}
    canonical |= {
        "v": VERSION,
        "sequence": sequence,
        "created_at": row["created_at"].isoformat(),
        "changes": {name: value for name, value in row["changes"].items() if name not in hidden},
        "people": {part: digest(row, part, proof) for part, proof in proofs.items()},
    }
    return hashlib.sha256(bytes.fromhex(before) + _json(canonical)).hexdigest()


def erase(row: dict[str, Any], part: str, proofs: dict[str, Any]) -> None:
    """Take out of the row what it says of the one whom a part is about; a sealed row keeps the digest of it."""
    proof = proofs.get(part, {})
    names = proof.get("names", []) if proofs else PERSONAL & row["changes"].keys()
    if "salt" in proof:
        kept = {name: value for name, value in proof.items() if name != "salt"}
        proofs[part] = {"digest": digest(row, part, proof), **kept}
    if proof or row[f"{part}_label"]:
        row[f"{part}_label"] = pseudonym(row[PERSONS[part]])
    if part == TARGET:
        row["changes"] = row["changes"] | dict.fromkeys(names, ERASED)
    elif _sat_there(row, part):
        row["ip_address"] = None


def says_no_more(row: Row, proofs: Mapping[str, Mapping[str, Any]]) -> bool:
    """Where no salt is, the hash does not vouch for the words: a part that was erased says what erasing leaves, and one
    that said nothing says nothing.
    """
    for part, person in PERSONS.items():
        proof = proofs.get(part)
        if proof is None:
            if any(_said(row, part, [])):
                return False
        elif "salt" not in proof:
            names = proof.get("names", [])
            more: Any = dict.fromkeys(names, ERASED) if part == TARGET else None
            if _said(row, part, names) != [pseudonym(row[person]), more]:
                return False
    return True
