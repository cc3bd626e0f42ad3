"""Writes test/fixtures/literals/*.json: flytekit's own literals and types for the rows of table.py.

Run by hand when the pinned flytekit changes:
    bash test/support/interop-venv.sh && .venv-interop/bin/python test/interop/make_goldens.py
"""

import base64
import json
import pathlib

import flytekit
from flytekit.core.context_manager import FlyteContextManager
from flytekit.core.type_engine import TypeEngine

from table import ROWS, as_json

OUT = pathlib.Path(__file__).parent.parent / "fixtures" / "literals"


def serialized(message) -> str:
    return base64.b64encode(message.SerializeToString(deterministic=True)).decode()


def main() -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    for old in OUT.glob("*.json"):
        old.unlink()
    context = FlyteContextManager.current_context()
    for name, python_type, values in ROWS:
        literal_type = TypeEngine.to_literal_type(python_type)
        golden = {
            "name": name,
            "python": str(python_type).replace("__main__.", "").replace("table.", ""),
            "flytekit": flytekit.__version__,
            "type": serialized(literal_type.to_flyte_idl()),
            "cases": [
                {
                    "value": as_json(value),
                    "literal": serialized(
                        TypeEngine.to_literal(context, value, python_type, literal_type).to_flyte_idl()
                    ),
                }
                for value in values
            ],
        }
        text = json.dumps(golden, indent=1, ensure_ascii=True)
        (OUT / f"{name.replace(' ', '-')}.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
