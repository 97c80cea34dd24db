"""The credentials file: who can try what, with ids to try it on."""

import json
import os
import signal
from pathlib import Path
from typing import Any

import httpx

from identity.services import totp

Json = dict[str, Any]


class Refused(Exception):
    """Somebody of the file is not let in."""


def write(path: Path, content: Json) -> None:
    """Readable by its owner only: it holds working tokens."""
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(json.dumps(content, indent=2) + "\n")


def hub_key(agent_home: Path) -> str:
    """The key with which a tenant's agent calls the hub: on its server, it keeps it to itself."""
    key: str = json.loads((agent_home / "identity.json").read_text())["hubApiKey"]
    return key


def stop_agent(agent_home: Path) -> None:
    """End a tenant's agent by the id that it left beside its lock."""
    try:
        pid = int((agent_home / "agent.lock").read_text() or 0)
        if pid and str(agent_home) in Path(f"/proc/{pid}/cmdline").read_text():
            os.kill(pid, signal.SIGTERM)
    except (OSError, ValueError):
        return


def sign_in(base_url: str, email: str, password: str, secret: str = "") -> Json:
    """A person of the file: address, password, access token and, if they have them, app and organization."""
    answer = httpx.post(f"{base_url}/api/user/auth/login", json={"email": email, "password": password}, timeout=20)
    answer.raise_for_status()
    body = _completed(base_url, answer.json(), secret)
    if "accessToken" not in body:
        raise Refused(f"{email} cannot sign in: {body['refused']}")
    token: str = body["accessToken"]
    headers = {"Authorization": f"Bearer {token}"}
    mine = httpx.get(f"{base_url}/api/v1/organizations", headers=headers, timeout=20).json()["items"]
    app = {"totpSecret": secret} if secret else {}
    organization = {"organizationId": mine[0]["id"]} if mine else {}
    return {"email": email, "password": password, "token": token, **app, **organization}


def _completed(base_url: str, body: Json, secret: str) -> Json:
    """The sign-in, after its second factor where there is one. A code that was used already has a successor."""
    pending = body.get("pendingToken")
    for step in (totp.step_now(), totp.step_now() + 1) if pending else ():
        proof = {"token": pending, "code": totp.code_at(secret, step)}
        answer = httpx.post(f"{base_url}/api/v1/auth/2fa/verify", json=proof, timeout=20)
        if answer.is_success:
            completed: Json = answer.json()["data"]
            return completed
        body = {"refused": answer.json()["error"]["message"]}
    return body
