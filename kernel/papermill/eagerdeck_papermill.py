"""Parameters of TypeScript notebooks for papermill.

papermill has no entry point for translators. It loads engines when it starts, whichever is asked for, so this
one registers a translator on the way. Not to be imported before papermill, which loads it itself.
"""

import json
import math
import re

from papermill.engines import NBClientEngine
from papermill.exceptions import PapermillException
from papermill.models import Parameter
from papermill.translators import Translator, papermill_translators

_INTEGER_MAX = 2**53 - 1
_DECLARATION = re.compile(
    r"^(?:export +)?(?:let|const|var) +(?P<name>[\w$]+) *(?:: *(?P<type>[^=\n]+?))? *= *"
    r"(?P<value>[^\n]+?);? *(?:[ ;]// *(?P<help>[^\n]*))?$",
    re.MULTILINE,
)


class TypeScriptTranslator(Translator):
    """Values as JSON has them, each in a `let`: after a `const x = 1` a later `x === 2` is a type error."""

    @classmethod
    def comment(cls, cmt_str):
        return "\n".join(f"// {line}".rstrip() for line in cmt_str.splitlines())

    @classmethod
    def assign(cls, name, str_val):
        if not name.replace("$", "_").isidentifier():
            raise PapermillException(f"{name!r} is no name of a variable")
        return f"let {name} = {str_val};"

    @classmethod
    def translate_none(cls, val):
        return "null"

    @classmethod
    def translate_str(cls, val):
        # What came from undecodable arguments could not be saved as UTF-8.
        return re.sub(
            r"[\ud800-\udfff]",
            lambda half: f"\\u{ord(half[0]):04x}",
            json.dumps(val, ensure_ascii=False),
        )

    @classmethod
    def translate_escaped_str(cls, str_val):
        return cls.translate_str(str(str_val))  # dates of a YAML file, for example

    @classmethod
    def translate_int(cls, val):
        if abs(val) > _INTEGER_MAX and int(float(val)) != val:
            raise PapermillException(f"{val} is beyond what a number holds exactly; give it as text (-r)")
        return str(val)

    @classmethod
    def translate_float(cls, val):
        if math.isnan(val):
            return "NaN"
        if math.isinf(val):
            return "Infinity" if val > 0 else "-Infinity"
        return repr(val)

    @classmethod
    def translate_list(cls, val):
        return f"[{', '.join(map(cls.translate, val))}]"

    @classmethod
    def translate_dict(cls, val):
        if not val:
            return "{}"
        return f"{{ {', '.join(f'{cls._key(key)}: {cls.translate(item)}' for key, item in val.items())} }}"

    @classmethod
    def _key(cls, key):
        # Without brackets it would set the prototype.
        return '["__proto__"]' if key == "__proto__" else cls.translate_str(str(key))

    @classmethod
    def inspect(cls, parameters_cell):
        """What `papermill --help-notebook` lists: variables that are declared on a line of their own."""
        return [
            Parameter(found["name"], found["type"] or "None", found["value"], found["help"] or "")
            for found in _DECLARATION.finditer(parameters_cell["source"])
        ]


class EagerdeckEngine(NBClientEngine):
    """papermill's own way of running a notebook; `--engine eagerdeck` only makes sure that this is installed."""


papermill_translators.register("typescript", TypeScriptTranslator)
