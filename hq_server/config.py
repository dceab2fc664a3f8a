"""Owns HQ's configuration: one TOML file, every key typed and documented here, every mistake named with file, key and remedy. Read once, by the composition root."""

import os
import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

DEFAULT_PORT = 8700


class ConfigError(Exception):
    """The configuration cannot be used: which file, which key, what is wrong and what to do."""

    def __init__(self, path: Path, key: str, what: str, remedy: str) -> None:
        super().__init__(f"{path}: {key or 'the file'}: {what}. {remedy}")
        self.path = path
        self.key = key
        self.what = what
        self.remedy = remedy


def default_data_dir() -> Path:
    """XDG's data folder of this user; a service sets data_dir to /var/lib/tongchu."""
    root = os.environ.get("XDG_DATA_HOME")
    return (Path(root) if root else Path.home() / ".local" / "share") / "tongchu" / "hq"


class HqConfig(BaseModel):
    """Unknown keys are refused: a misspelt one would otherwise be silently without effect."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    data_dir: Annotated[Path, Field(description="Folder of the SQLite file, snapshots and keys, unless set apart.")] = (
        Field(default_factory=default_data_dir)
    )
    keys_dir: Annotated[
        Path | None, Field(description="Folder of the secret keys, mode 0700. Default: keys inside data_dir.")
    ] = None
    database_url: Annotated[
        str | None,
        Field(
            description="sqlite:////path/hq.db or postgresql://user@host/name. Default: hq.db inside data_dir.",
            pattern=r"^(sqlite|postgresql)(\+psycopg)?://",
        ),
    ] = None
    host: Annotated[str, Field(description="Address to listen on; put a TLS proxy before anything but loopback.")] = (
        "127.0.0.1"
    )
    port: Annotated[int, Field(ge=0, le=65535, description="TCP port to listen on; 0 takes any free one.")] = (
        DEFAULT_PORT
    )
    sequencer_interval_s: Annotated[
        float, Field(gt=0, le=60, description="How often the background sequencer looks for what another process left.")
    ] = 1.0
    run_interval_s: Annotated[
        float, Field(gt=0, le=3600, description="How often head office looks for an expiry, instalment or sweep due.")
    ] = 30.0
    scope_quiet_days: Annotated[
        int,
        Field(
            ge=30,
            description="After how many days a store's tills drop a member who was not there; not the home store's.",
        ),
    ] = 400
    pushes_at_once_max: Annotated[
        int, Field(gt=0, description="How many tills' journals are taken in at once; more are asked to come back.")
    ] = 24
    calls_at_once_max: Annotated[
        int, Field(gt=0, description="How many calls of tills are answered at once; more are asked to come back.")
    ] = 400
    waiting_calls_max: Annotated[
        int, Field(gt=0, description="How many tills may wait for news at once; more are asked to come back.")
    ] = 10_000
    body_pause_max_s: Annotated[
        float,
        Field(
            gt=0,
            description="After how many seconds without a byte a till's half-sent call is given up; the whole may take eight times as long.",
        ),
    ] = 15.0
    secure_cookies: Annotated[
        bool, Field(description="Send the console's cookie over HTTPS only. Set it when a TLS proxy stands before HQ.")
    ] = False

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{self.data_dir.absolute() / 'hq.db'}"

    @property
    def keys(self) -> Path:
        return self.keys_dir or self.data_dir / "keys"

    @property
    def snapshots_dir(self) -> Path:
        return self.data_dir / "snapshots"


def load_config(path: Path) -> HqConfig:
    """Raises `ConfigError`. Paths in the file are relative to the file's own folder."""
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(path, "", "there is no such file", "Write one, or name another with --config") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            path, "", f"cannot be read ({error})", "Check its permissions and encoding (UTF-8)"
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(path, "", f"is not TOML ({error})", "Correct that line") from error
    try:
        config = HqConfig.model_validate(told)
    except ValidationError as error:
        raise _first_mistake(path, error) from error
    folder = path.absolute().parent
    return config.model_copy(
        update={
            "data_dir": folder / config.data_dir,
            "keys_dir": folder / config.keys_dir if config.keys_dir else None,
        }
    )


def _first_mistake(path: Path, error: ValidationError) -> ConfigError:
    mistake = error.errors(include_url=False)[0]
    key = ".".join(str(part) for part in mistake["loc"])
    if mistake["type"] == "extra_forbidden":
        known = ", ".join(HqConfig.model_fields)
        return ConfigError(path, key, "is no key of this program", f"Use one of: {known}")
    field = HqConfig.model_fields.get(key)
    remedy = field.description if field is not None and field.description else "Correct the value"
    return ConfigError(path, key, mistake["msg"], remedy)


def example_toml() -> str:
    """Every key with its meaning and default, commented out: what `hq init` writes and the docs show."""
    lines: list[str] = []
    for key, field in HqConfig.model_fields.items():
        lines.append(f"# {field.description}")
        default = field.get_default(call_default_factory=True)
        lines.append(f"# {key} = {_toml(default)}\n")
    return "\n".join(lines)


def _toml(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case int() | float():
            return str(value)
        case None:
            return '""'
        case _:
            return f'"{value}"'
