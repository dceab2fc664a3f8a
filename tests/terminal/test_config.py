"""The till's configuration: every mistake names file, key and remedy; what is not said has a documented default."""

import tomllib
from pathlib import Path

import pytest

from printers.profile import profile_names
from terminal.config import ConfigError, TillConfig, example_toml, load_config

PROFILE = profile_names()[0]
PRINTER = f'[[printers]]\nname = "counter"\ntarget = "tcp://127.0.0.1:9100"\nprofile = "{PROFILE}"\n'


def written(folder: Path, text: str) -> Path:
    path = folder / "till.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_an_empty_file_is_a_configuration(tmp_path: Path) -> None:
    config = load_config(written(tmp_path, ""))
    assert (config.language, config.receipt_printer, config.mirror) == ("zh", None, None)
    assert config.online_read_s == 0.8, "what a cashier is promised"


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    config = load_config(written(tmp_path, 'data_dir = "till"\nmirror = "/media/stick"\n'))
    assert config.data_dir == tmp_path / "till"
    assert config.mirror == Path("/media/stick")


def test_receipts_go_to_the_first_printer_or_to_the_one_named(tmp_path: Path) -> None:
    second = PRINTER.replace('"counter"', '"kitchen"')
    assert load_config(written(tmp_path, PRINTER + second)).receipt_printer == "counter"
    assert load_config(written(tmp_path, 'receipts_on = "kitchen"\n' + PRINTER + second)).receipt_printer == "kitchen"


@pytest.mark.parametrize(
    ("text", "key", "told"),
    [
        ("poll_intervall_s = 3\n", "poll_intervall_s", "Use one of:"),
        ('language = "fr"\n', "language", "switched live"),
        ("poll_interval_s = 0.01\n", "poll_interval_s", "greater than or equal to 0.2"),
        ('hq_url = "ftp://hq"\n', "hq_url", "address"),
        (PRINTER + "speed = 3\n", "printers.0.speed", "Use one of: name, target, profile"),
        (PRINTER.replace("tcp://", "ipx://"), "printers.0", "ipx"),
        (PRINTER.replace(PROFILE, "no-such-profile"), "printers.0", "no-such-profile"),
        ('receipts_on = "kitchen"\n' + PRINTER, "receipts_on", "no printer 'kitchen'"),
        (PRINTER + PRINTER, "printers", "same name"),
    ],
)
def test_a_mistake_names_file_key_and_remedy(text: str, key: str, told: str, tmp_path: Path) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert caught.value.key == key
    assert told in str(caught.value)
    assert str(path) in str(caught.value)
    assert caught.value.remedy


def test_a_file_that_is_missing_or_no_toml_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        load_config(tmp_path / "none.toml")
    with pytest.raises(ConfigError, match="is not TOML"):
        load_config(written(tmp_path, "language = "))


def test_the_example_names_every_key_and_is_toml_once_uncommented(tmp_path: Path) -> None:
    text = example_toml()
    assert load_config(written(tmp_path, text)) == load_config(written(tmp_path, ""))
    for key in TillConfig.model_fields:
        assert key in text
    settings = [line[2:] for line in text.splitlines() if line.startswith("# ") and " = " in line]
    tomllib.loads("\n".join(settings))
