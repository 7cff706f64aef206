"""Settings, from the command line and the environment."""

from pathlib import Path

import msgspec
import pytest

from carrel.app import check_reach
from carrel.settings import NotASetting, Settings, meanings, settings
from carrel.storage import Refused


def test_every_setting_has_a_meaning():
    assert set(meanings()) == {field.name for field in msgspec.structs.fields(Settings)}
    assert all(len(meaning) > 10 for meaning in meanings().values())


def test_the_command_line_comes_before_the_environment_and_that_before_the_default():
    environment = {"CARREL_PORT": "9000", "CARREL_DATA": "/somewhere", "CARREL_SESSION_DAYS": "3"}
    chosen = settings({"port": "9001", "data": None}, environment)
    assert (chosen.port, chosen.data, chosen.session_days) == (9001, Path("/somewhere"), 3)
    assert chosen.code_minutes == Settings().code_minutes


@pytest.mark.parametrize(
    ("given", "environment", "named"),
    [
        ({"port": "many"}, {}, "--port"),
        ({"port": "70000"}, {}, "--port"),
        ({}, {"CARREL_SESSION_DAYS": "0"}, "CARREL_SESSION_DAYS"),
        ({"tls_key": "x"}, {}, "--tls-certificate"),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_name(given, environment, named):
    with pytest.raises(NotASetting, match=named):
        settings(given, environment)


@pytest.mark.parametrize(
    ("chosen", "demo", "refused"),
    [
        ({"address": "127.0.0.1"}, True, False),
        ({"address": "0.0.0.0"}, True, True),
        ({"address": "0.0.0.0", "public_origin": "https://library.example.org"}, True, True),
        ({"address": "0.0.0.0"}, False, True),
        ({"address": "0.0.0.0", "public_origin": "http://library.example.org"}, False, True),
        ({"address": "0.0.0.0", "public_origin": "https://library.example.org"}, False, False),
        ({"address": "0.0.0.0", "tls_certificate": "a", "tls_key": "b"}, False, False),
        ({"address": "127.0.0.1"}, False, False),
    ],
)
def test_a_session_never_travels_without_tls_and_a_demo_never_travels(chosen, demo, refused):
    if refused:
        with pytest.raises(Refused):
            check_reach(settings(chosen, {}), demo)
    else:
        check_reach(settings(chosen, {}), demo)
