"""The `--config` option of head office's commands, and reading what it names."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tongchu.exits import Unusable

if TYPE_CHECKING:
    from hq_server.config import HqConfig

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="TOML file of this head office. Without it, defaults in your data folder."),
]


def hq_config(path: Path | None) -> "HqConfig":
    from hq_server.config import ConfigError, HqConfig, load_config

    try:
        return HqConfig() if path is None else load_config(path)
    except ConfigError as error:
        raise Unusable(str(error)) from error
