"""The model stays a second reading: it imports nothing of the product."""

import ast
from pathlib import Path

from tests.stored_value.naive import coin_by_coin_wallet


def test_the_model_imports_nothing_of_the_product() -> None:
    for path in sorted(Path(coin_by_coin_wallet.__file__).parent.glob("[!t]*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                named = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                named = [node.module or "."]
            else:
                continue
            named = [name for name in named if not name.startswith("tests.stored_value.naive.")]
            assert not {name.partition(".")[0] for name in named} - {"collections", "typing"}, (path.name, named)
