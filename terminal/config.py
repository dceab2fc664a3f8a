"""Owns the till's configuration: one TOML file, every key typed and documented here, every mistake named with file, key and remedy. Read once, by the composition root."""

import os
import tomllib
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from printers.errors import PrinterConfigurationError
from printers.profile import profile_by_name
from printers.target import parse_target


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
    return (Path(root) if root else Path.home() / ".local" / "share") / "tongchu" / "till"


class _Section(BaseModel):
    """Unknown keys are refused: a misspelt one would otherwise be silently without effect."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class PrinterConfig(_Section):
    name: Annotated[str, Field(description="What the status strip calls it.", min_length=1, max_length=24)] = "counter"
    target: Annotated[
        str,
        Field(
            description="Where it is: tcp://host:9100, serial:///dev/ttyUSB0?baud=9600, usb://04b8:0e15, file:///path."
        ),
    ]
    profile: Annotated[str, Field(description="Its paper and abilities; see docs/OPERATIONS.md for the names.")]

    @model_validator(mode="after")
    def _is_usable(self) -> Self:
        try:
            parse_target(self.target)
            profile_by_name(self.profile)
        except PrinterConfigurationError as error:
            raise ValueError(str(error)) from error
        return self


class TillConfig(_Section):
    data_dir: Annotated[Path, Field(description="Folder of the journal, the replica and the keys.")] = Field(
        default_factory=default_data_dir
    )
    hq_url: Annotated[
        str, Field(description="Head office's address, when it moved since the enrolment.", pattern=r"^(https?://.+)?$")
    ] = ""
    mirror: Annotated[
        Path | None,
        Field(description="Folder on another disk or a memory stick that gets a lagging copy of the journal."),
    ] = None
    printers: Annotated[
        tuple[PrinterConfig, ...],
        Field(description="Receipt printers; the first one prints unless receipts_on says so."),
    ] = ()
    receipts_on: Annotated[
        str, Field(description="Name of the printer that prints receipts and kicks the drawer. Empty: the first.")
    ] = ""
    scanner: Annotated[
        str, Field(description="Serial port of the scanner, /dev/ttyACM0 or any pyserial URL. Empty: keyboard wedge.")
    ] = ""
    scanner_baud: Annotated[int, Field(description="Speed of the scanner's serial port.", ge=300, le=921_600)] = 9600
    language: Annotated[
        Literal["zh", "en"], Field(description="Language at the start; switched live on the screen.")
    ] = "zh"
    theme: Annotated[Literal["light", "dark"], Field(description="Colours at the start.")] = "light"
    fullscreen: Annotated[bool, Field(description="Fill the whole display, as at a counter.")] = True
    poll_interval_s: Annotated[
        float,
        Field(
            description="How long to wait between looks for news at head office; a minute at least while it tells of them by itself.",
            ge=0.2,
            le=600,
        ),
    ] = 3.0
    online_read_s: Annotated[
        float,
        Field(
            description="How long one question to head office may take in all before a payment is decided offline.",
            gt=0,
            le=10,
        ),
    ] = 0.8

    @model_validator(mode="after")
    def _printers_are_named_once(self) -> Self:
        names = [printer.name for printer in self.printers]
        if len(set(names)) != len(names):
            raise ValueError("printers: two printers have the same name")
        if self.receipts_on and self.receipts_on not in names:
            raise ValueError(f"receipts_on: there is no printer {self.receipts_on!r}")
        return self

    @property
    def receipt_printer(self) -> str | None:
        """The printer that receipts go to, by name; None without any."""
        return self.receipts_on or next((printer.name for printer in self.printers), None)


def load_config(path: Path) -> TillConfig:
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
        config = TillConfig.model_validate(told)
    except ValidationError as error:
        raise _first_mistake(path, error) from error
    folder = path.absolute().parent
    return config.model_copy(
        update={"data_dir": folder / config.data_dir, "mirror": folder / config.mirror if config.mirror else None}
    )


def _first_mistake(path: Path, error: ValidationError) -> ConfigError:
    mistake = error.errors(include_url=False)[0]
    place = tuple(mistake["loc"])
    what = str(mistake["msg"]).removeprefix("Value error, ")
    section = PrinterConfig if len(place) > 1 and place[0] == "printers" else TillConfig
    if not place:
        key, _, what = what.partition(": ")
        return ConfigError(path, key, what, "Correct the value")
    key = ".".join(str(part) for part in place)
    if mistake["type"] == "extra_forbidden":
        return ConfigError(path, key, "is no key of this program", f"Use one of: {', '.join(section.model_fields)}")
    field = section.model_fields.get(str(place[-1]))
    remedy = field.description if field is not None and field.description else "Correct the value"
    return ConfigError(path, key, what, remedy)


def example_toml() -> str:
    """Every key with its meaning and default, commented out: what `till enrol` writes and the docs show."""
    lines: list[str] = []
    for key, field in TillConfig.model_fields.items():
        if key == "printers":
            continue
        default = field.get_default(call_default_factory=True)
        lines += [f"# {field.description}", f"# {key} = {_toml(default)}", ""]
    lines.append(f"# {TillConfig.model_fields['printers'].description}")
    lines.append("# [[printers]]")
    for key, field in PrinterConfig.model_fields.items():
        lines.append(f"# {key} = {_toml(field.default if not field.is_required() else '')}   # {field.description}")
    return "\n".join(lines) + "\n"


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
