"""Agents' directories as a test wants them."""

from pathlib import Path

from tenants.agent import files
from tenants.agent.home import Home, Identity, Settings

SECRET = "whsec_bWFpbnN0YXktdGVzdC1zZWNyZXQ="
IDENTITY = Identity(hub_api_key="hk_test", webhook_secret=SECRET, server_id="server-1")


def home(root: Path, *, hub_url: str = "http://127.0.0.1:9", port: int = 9, registered: bool = True) -> Home:
    """An agent that was set up and, unless told otherwise, has registered."""
    made = Home(root / "agent")
    made.root.mkdir(parents=True)
    files.write_json(made.settings, Settings(hub_url, "machine-1", port).as_json())
    if registered:
        IDENTITY.save(made)
    return made
