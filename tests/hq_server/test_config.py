"""HQ's configuration: every mistake is named by file, key and remedy; what the example shows can be read."""

import tomllib
from pathlib import Path

import pytest

from hq_server.config import DEFAULT_PORT, ConfigError, HqConfig, example_toml, load_config


def written(folder: Path, text: str) -> Path:
    path = folder / "hq.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_an_empty_file_gives_the_defaults(tmp_path: Path) -> None:
    config = load_config(written(tmp_path, ""))
    assert (config.host, config.port) == ("127.0.0.1", DEFAULT_PORT)
    assert config.database == f"sqlite:///{config.data_dir / 'hq.db'}"
    assert config.keys == config.data_dir / "keys"


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    config = load_config(written(tmp_path, 'data_dir = "data"\nkeys_dir = "secret"\n'))
    assert config.data_dir == tmp_path / "data"
    assert config.keys == tmp_path / "secret"


@pytest.mark.parametrize(
    ("text", "key", "says"),
    [
        ("prot = 1", "prot", "Use one of: data_dir"),
        ("port = 70000", "port", "less than or equal to 65535"),
        ('port = "many"', "port", "TCP port to listen on"),
        ('database_url = "mysql://x"', "database_url", "postgresql://"),
        ("sequencer_interval_s = 0", "sequencer_interval_s", "greater than 0"),
        ("port = ", "", "is not TOML"),
    ],
)
def test_a_mistake_names_file_key_and_remedy(tmp_path: Path, text: str, key: str, says: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert caught.value.key == key
    assert str(path) in str(caught.value)
    assert says in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no such file"):
        load_config(tmp_path / "absent.toml")


def test_the_example_documents_every_key_and_can_be_used(tmp_path: Path) -> None:
    text = example_toml()
    for key, field in HqConfig.model_fields.items():
        assert f"# {key} = " in text
        assert field.description
        assert field.description in text
    values = "\n".join(
        line.removeprefix("# ")
        for line in text.splitlines()
        if line.removeprefix("# ").split(" = ")[0] in HqConfig.model_fields and not line.endswith('""')
    )
    assert HqConfig.model_validate(tomllib.loads(values)) == HqConfig()
