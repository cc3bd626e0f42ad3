"""Reads literals that eagerdeck wrote, as a task of Python would, and says what it read.

In: JSON lines {"row", "literal"} on stdin. Out: JSON lines {"value"} or {"error"}.
"""

import base64
import json
import sys

from flyteidl.core import literals_pb2, types_pb2
from flytekit.core.context_manager import FlyteContextManager
from flytekit.core.type_engine import TypeEngine
from flytekit.models.literals import Literal
from flytekit.models.types import LiteralType

from table import ROWS, as_json


def main() -> None:
    types = {name: python_type for name, python_type, _ in ROWS}
    context = FlyteContextManager.current_context()
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            if "type" in asked:
                # The interface as Python's remote client sees it: it makes classes of its own from it.
                message = types_pb2.LiteralType.FromString(base64.b64decode(asked["type"]))
                python_type = TypeEngine.guess_python_type(LiteralType.from_flyte_idl(message))
            else:
                python_type = types[asked["row"]]
            message = literals_pb2.Literal.FromString(base64.b64decode(asked["literal"]))
            value = TypeEngine.to_python_value(context, Literal.from_flyte_idl(message), python_type)
            answer = {"value": as_json(value)}
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
