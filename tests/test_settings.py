"""Settings have the specification's defaults, and a typing mistake never passes."""

import pytest

from arousal.errors import SettingsError
from arousal.settings import Settings, load_settings


def test_defaults_are_those_of_the_specification():
    settings = load_settings()
    assert settings == Settings()
    assert settings.windows.durations == (60.0, 120.0)
    assert settings.windows.step == 5.0
    assert (settings.windows.hr_coverage, settings.windows.hrv_coverage) == (0.80, 0.90)
    assert settings.eda.scr_threshold["finger"] == 0.05
    assert (settings.beats.corrected_flag, settings.beats.corrected_refuse) == (0.05, 0.10)


def test_a_file_changes_what_it_names_and_nothing_else(tmp_path):
    file = tmp_path / "arousal.toml"
    file.write_text("[windows]\ndurations = [120, 60, 60]\nstep = 10\n")
    settings = load_settings(file)
    assert settings.windows.durations == (60.0, 120.0)
    assert settings.windows.step == 10
    assert settings.eda == Settings().eda


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[windows]\nstepp = 5\n", ["windows.stepp", "not a known key"]),
        ("[windows]\nstep = -5\n", ["windows.step", "-5"]),
        ("[windows]\nrmssd_from = 20\n", ["rmssd_from", "30"]),
        ("[windows]\ndurations = []\n", ["durations is empty"]),
        ("[windows\n", ["not valid TOML", "line 1"]),
        ("[windows]\nstep = inf\n", ["windows.step", "finite"]),
        ("[windows]\nstep = 1e-9\n", ["windows.step", "0.1"]),
        ("[windows]\nshort = 10\n", ["windows.short", "30"]),
        ("[align]\nedge = nan\n", ["align.edge", "finite"]),
        ("[align]\nedge = -5\n", ["align.edge", "0"]),
        ("[eda.scr_threshold]\nfinger = -1\n", ["scr_threshold.finger", "greater than 0"]),
        ('[eda]\ndefault_site = "nose"\n', ["default_site", "'nose'", "palm"]),
        ("[eda]\nlow = 5\nhigh = 1\n", ["low must be below high"]),
    ],
)
def test_a_wrong_setting_is_named_with_its_value_and_rule(tmp_path, text, words):
    file = tmp_path / "arousal.toml"
    file.write_text(text)
    with pytest.raises(SettingsError) as caught:
        load_settings(file)
    for word in [*words, "arousal.toml"]:
        assert word in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_settings_file_is_said(tmp_path):
    with pytest.raises(SettingsError, match="does not exist"):
        load_settings(tmp_path / "none.toml")


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path):
    file = tmp_path / "arousal.toml"
    file.write_bytes(b"\xef\xbb\xbf[windows]\r\nstep = 10\r\n")
    assert load_settings(file).windows.step == 10
