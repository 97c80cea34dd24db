"""The configuration that the hub wants here: checked, then put in force."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any, Self

from tenants.agent import files
from tenants.agent.home import Home


class NotUsable(Exception):
    """The hub's answer is not a configuration, or not the one that its hash names."""


def sha256(body: Any) -> str:
    """The hash that names a configuration: of its canonical JSON, on the hub and here."""
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


@dataclass(frozen=True)
class Configuration:
    """One version of what this server should run."""

    version: int
    body: dict[str, Any]

    @classmethod
    def received(cls, raw: dict[str, Any]) -> Self:
        """From the hub's answer."""
        version, body = raw.get("version"), raw.get("config")
        if not isinstance(version, int) or version < 1 or not isinstance(body, dict):
            raise NotUsable("the answer holds no version and configuration")
        if sha256(body) != raw.get("sha256"):
            raise NotUsable(f"version {version} does not have the hash it came with")
        return cls(version, body)

    @classmethod
    def in_force(cls, home: Home) -> Self:
        """What was applied last; version 0 before anything was."""
        raw = files.read_json(home.config) or {}
        return cls(int(raw.get("version", 0)), dict(raw.get("config", {})))

    def apply(self, home: Home) -> None:
        """Put it in force."""
        files.write_json(home.config, {"version": self.version, "config": self.body})

    @property
    def agents(self) -> list[str]:
        """The codes of the agents that work here."""
        return [str(agent["agentId"]) for agent in self.body.get("agents", []) if "agentId" in agent]
