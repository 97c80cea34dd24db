"""What an agent must find in its directory."""

from pathlib import Path

import pytest

from tenants.agent import files
from tenants.agent.home import Home, Identity, NotReady, Settings
from tests.tenants.agent.homes import IDENTITY, home


def test_settings_are_read_as_they_were_written(tmp_path: Path) -> None:
    settings = Settings("http://hub.test", "machine-1", 20_001, demo_tokens_per_hour=5)
    place = home(tmp_path)
    files.write_json(place.settings, settings.as_json())

    assert Settings.read(place) == settings
    assert settings.agent_url == "http://127.0.0.1:20001"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"hubUrl": "http://hub.test", "machineId": "m", "port": "http"}'])
def test_settings_that_say_too_little_are_not_ready(tmp_path: Path, text: str) -> None:
    place = home(tmp_path)
    place.settings.write_text(text)

    with pytest.raises(NotReady, match=r"settings\.json"):
        Settings.read(place)


def test_an_identity_is_whole_or_none(tmp_path: Path) -> None:
    place = home(tmp_path)
    assert Identity.read(place) == IDENTITY

    files.write_json(place.identity, {"hubApiKey": "hk_1"})
    assert Identity.read(place) is None
    assert Identity.read(Home(tmp_path / "nowhere")) is None
