"""One line per error, the right exit code, and survival across processes."""

import pickle

import pytest

from arousal.errors import (
    ArousalError,
    DataError,
    DeviceError,
    FormatError,
    NothingUsableError,
    SettingsError,
    UsageError,
)
from arousal.findings import Finding

CODES = {
    UsageError: 2,
    DataError: 3,
    FormatError: 3,
    SettingsError: 4,
    NothingUsableError: 5,
    DeviceError: 6,
}


@pytest.mark.parametrize(("kind", "code"), CODES.items())
def test_every_error_has_the_exit_code_of_the_house(kind, code):
    assert kind("x").exit_code == code
    assert issubclass(kind, ArousalError)


def test_a_message_is_one_line_with_place_and_next_step():
    error = DataError("rate is -1 Hz,\n allowed > 0", where="P04 (ecg)", hint="check the\nbridge")
    assert str(error) == "P04 (ecg): rate is -1 Hz, allowed > 0 (check the bridge)"


def test_an_error_survives_the_way_between_processes():
    error = FormatError("cut at byte 7", where="a.xdf", hint="copy it again")
    back = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert type(back) is FormatError
    assert str(back) == str(error)


def test_names_from_outside_cannot_break_the_line_or_the_terminal():
    error = DataError("cannot be read", where="a\nb\x1b[31m.xdf")
    assert str(error) == "a b\\x1b[31m.xdf: cannot be read"
    finding = Finding("stream-empty", "no samples", where="RR\r\nP01\u202e")
    assert str(finding) == "RR P01\\u202e: no samples"
