"""Expressions like ``(x + y) * z``, read by a grammar of their own and never evaluated by Python.

An expression is made of numbers, variables, ``+ - * / ** @``, comparisons, brackets, indexing by
constants (``x[0]``, ``x[1:, 2]``), the constants ``pi`` and ``e``, and calls of the functions in
`FUNCTIONS`, with Python's precedence. Nothing else is understood: no attributes, strings or keywords.
"""

from __future__ import annotations

import keyword
import math
import operator
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from gradcheck.errors import InputError, UnknownNameError
from gradcheck.functions import Array, Function

if TYPE_CHECKING:
    from lark import Lark, Tree
    from lark.exceptions import UnexpectedInput

MAX_LENGTH = 10_000
"""The longest expression that is read, in characters."""
MAX_VALUE_LENGTH = 200_000
"""The longest value that is read, in characters."""
MAX_DEPTH = 100
"""How deep brackets may be nested."""

CONSTANTS = {"pi": math.pi, "e": math.e}

GRAMMAR = r"""
?expression: comparison
?value: comparison
      | "[" [value ("," value)*] "]" -> list
?comparison: sum
           | sum COMPARE sum -> compare
?sum: product
    | sum "+" product -> add
    | sum "-" product -> subtract
?product: unary
        | product "*" unary -> multiply
        | product "/" unary -> divide
        | product "@" unary -> matmul
?unary: power
      | "-" unary -> negative
      | "+" unary -> positive
?power: primary
      | primary "**" unary -> power
?primary: NUMBER -> number
        | NAME -> name
        | NAME "(" comparison ("," comparison)* ")" -> call
        | primary "[" key ("," key)* "]" -> index
        | "(" comparison ")"
?key: comparison
    | [comparison] ":" [comparison] [":" [comparison]] -> slice
COMPARE: "<=" | ">=" | "==" | "!=" | "<" | ">"
NUMBER: /(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?/
NAME: /[^\W\d]\w*/
%ignore /\s+/
"""

_ARITIES = {
    (1, 1): """abs sign negative positive sqrt cbrt square reciprocal exp exp2 expm1 log log2 log10 log1p sin cos tan
        arcsin arccos arctan sinh cosh tanh arcsinh arccosh arctanh floor ceil sinc logical_not ravel
        linalg.inv linalg.det linalg.slogdet linalg.cholesky special.erf special.erfc special.gammaln
        special.digamma special.expit special.logit special.ndtr""",
    (2, 2): """add subtract multiply divide power logaddexp arctan2 hypot maximum minimum greater greater_equal less
        less_equal equal not_equal logical_and logical_or matmul dot inner outer kron cross linalg.solve
        linalg.matrix_power special.xlogy""",
    (3, 3): "clip where swapaxes moveaxis",
    (1, 2): """sum prod mean var std max min median cumsum cumprod sort flip diff diag diagonal trace tril triu
        transpose linalg.norm special.logsumexp special.softmax special.log_softmax""",
    (2, 3): "roll",
}


@dataclass(frozen=True)
class Callee:
    """A function that expressions can call.

    Parameters
    ----------
    path : str
        Its name in the vocabulary of portable functions: ``linalg.norm``.
    least, most : int
        How many arguments it takes.
    """

    path: str
    least: int
    most: int


FUNCTIONS = {
    path.rpartition(".")[2]: Callee(path, least, most)
    for (least, most), paths in _ARITIES.items()
    for path in paths.split()
}
"""The functions of expressions by their short names, ``norm`` for ``linalg.norm``.

Those that could allocate without limit (``tile``, ``zeros``) or need strings are left out.
"""

_OPERATORS: dict[str, Callable[..., Any]] = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "divide": operator.truediv,
    "power": operator.pow,
    "negative": operator.neg,
    "index": operator.getitem,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


class ExpressionError(InputError):
    """An expression, or a value written on the command line, that cannot be read.

    Parameters
    ----------
    message : str
        What is wrong.
    text : str
        The expression; with `position`, the message shows it above a caret.
    position : int, optional
        Where in `text` it is wrong.
    """

    def __init__(self, message: str, text: str = "", position: int | None = None) -> None:
        super().__init__(message if position is None else _marked(message, text, position))
        self.text, self.position = text, position


def _marked(message: str, text: str, position: int) -> str:
    """Append the part of the text around a position, and a line with a caret below it."""
    start = max(0, position - 24)
    before = ("..." if start else "") + text[start:position]
    after = text[position : position + 20] + ("..." if len(text) > position + 20 else "")
    shown = "".join(c if c.isprintable() else " " for c in before + after)
    return f"{message}: {shown}\n{' ' * (len(message) + 2 + len(before))}^"


@dataclass(frozen=True)
class Reference:
    """An operand that is not a constant: a parameter by name, or the result of an earlier step by number."""

    key: str | int


@dataclass(frozen=True)
class Step:
    """One operation of a program.

    Parameters
    ----------
    operation : str
        An operator of expressions, or a function by its path in the vocabulary.
    operands : tuple
        References and constants.
    """

    operation: str
    operands: tuple[Any, ...]

    def run(self, xp: Any, values: dict[str | int, Any]) -> Any:
        """Compute the step from the values of what it refers to."""
        operands = [values[o.key] if isinstance(o, Reference) else o for o in self.operands]
        if self.operation in _OPERATORS:
            return _OPERATORS[self.operation](*operands)
        return operator.attrgetter(self.operation)(xp)(*operands)


@dataclass(frozen=True)
class Program:
    """An expression as straight-line code: a portable function that needs no recursion, however long it is.

    Parameters
    ----------
    parameters : tuple of str
        The variables in the order of their appearance.
    steps : tuple of Step
        What to compute, operands first.
    result : Reference
        What to return.
    """

    parameters: tuple[str, ...]
    steps: tuple[Step, ...]
    result: Reference

    def __call__(self, xp: Any, *args: Any) -> Any:
        """Evaluate the expression with the functions of a namespace.

        Raises
        ------
        TypeError
            If there is not one argument for each variable.
        """
        if len(args) != len(self.parameters):
            raise TypeError(f"the expression takes ({', '.join(self.parameters)}), got {len(args)} argument(s)")
        values: dict[str | int, Any] = dict(zip(self.parameters, args, strict=True))
        for number, step in enumerate(self.steps):
            values[number] = step.run(xp, values)
        return values[self.result.key]


def parse(text: str) -> Function:
    """Read an expression.

    Parameters
    ----------
    text : str
        Such as ``"(x + y) * z"``.

    Returns
    -------
    Function
        Portable; its parameters are the variables in the order of their appearance.

    Raises
    ------
    ExpressionError
        If it is not an expression, is too long or too deep, or has no variable.
    """
    compiler = _Compiler(text)
    result = compiler.compile(_read(text, "expression", MAX_LENGTH))
    if not isinstance(result, Reference):
        raise ExpressionError("the expression has no variable, so there is nothing to differentiate")
    name = " ".join(text.split())
    return Function(
        name if len(name) <= 60 else name[:57] + "...",
        tuple(compiler.parameters),
        portable=Program(tuple(compiler.parameters), tuple(compiler.steps), result),
    )


def parse_value(text: str) -> Array:
    """Read a number or nested lists of numbers, such as ``-2``, ``pi / 2`` or ``[[1, 2], [3, 4]]``.

    Returns
    -------
    numpy.ndarray
        Of dtype float64.

    Raises
    ------
    ExpressionError
        If it is neither, or the lists have different lengths.
    """
    import numpy as np

    compiler = _Compiler(text)
    value = compiler.compile(_read(text, "value", MAX_VALUE_LENGTH))
    if compiler.parameters:
        raise ExpressionError(
            f"a value is a number or nested lists of numbers; {compiler.parameters[0]!r} is a name, in {text!r:.60}"
        )
    try:
        return np.asarray(value, dtype=np.float64)
    except ValueError:
        raise ExpressionError(
            f"the lists of a value must have equal lengths and be at most 64 deep, in {text!r:.60}"
        ) from None


# -- reading ------------------------------------------------------------------------------------


@cache
def _parser() -> Lark:
    from lark import Lark

    return Lark(GRAMMAR, parser="lalr", start=["expression", "value"], maybe_placeholders=True)


def _read(text: str, start: str, limit: int) -> Tree[Any]:
    from lark.exceptions import UnexpectedInput

    _bound(text, start, limit)
    try:
        return _parser().parse(text, start=start)
    except UnexpectedInput as error:
        raise _syntax_error(text, error) from None


def _bound(text: str, what: str, limit: int) -> None:
    """Refuse what is empty, too long, too deep or unbalanced before any parser sees it."""
    if not text.strip():
        raise ExpressionError(f"the {what} is empty; write one like {'(x + y) * z' if what == 'expression' else '1.5'}")
    if len(text) > limit:
        raise ExpressionError(f"the {what} has {len(text)} characters; at most {limit} are read")
    closing = {")": "(", "]": "["}
    opened: list[int] = []
    for position, character in enumerate(text):
        if character in "([":
            opened.append(position)
            if len(opened) > MAX_DEPTH:
                raise ExpressionError(f"brackets nested deeper than {MAX_DEPTH}", text, position)
        elif character in closing:
            if not opened or text[opened[-1]] != closing[character]:
                raise ExpressionError(f"{character!r} closes nothing", text, position)
            opened.pop()
    if opened:
        raise ExpressionError(f"{text[opened[-1]]!r} is never closed", text, opened[-1])


_REFUSED = {
    "'": "strings are not allowed",
    '"': "strings are not allowed",
    "^": "'^' is not a power, write **",
    ".": "attributes are not allowed, functions have no prefix",
    "[": "lists are not allowed, give them as values",
    "=": "'=' is not allowed, nor are keyword arguments",
}


def _syntax_error(text: str, error: UnexpectedInput) -> ExpressionError:
    """Say in our words what the parser did not expect."""
    position = error.pos_in_stream
    token = getattr(error, "token", None)
    ended = token is not None and token.type == "$END"
    if ended or position is None:
        position = len(text)
    for word in re.finditer(r"[^\W\d]\w*", text):
        if keyword.iskeyword(word[0]) and word.start() <= position:
            return ExpressionError(f"{word[0]!r} is not allowed", text, word.start())
    if ended:
        return ExpressionError("it ends too early", text, position)
    unexpected = str(token) if token is not None else text[position]
    return ExpressionError(_REFUSED.get(unexpected[:1], f"unexpected {unexpected!r:.30}"), text, position)


# -- compiling ----------------------------------------------------------------------------------


class _Compiler:
    """Turns a parse tree into steps; operations on constants are done at once."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.parameters: list[str] = []
        self.steps: list[Step] = []

    def compile(self, tree: Tree[Any]) -> Any:
        """Return the reference or constant that holds the result."""
        operands: list[Any] = []
        for node in _operands_first(tree):
            count = sum(_is_tree(child) for child in node.children)
            taken = [operands.pop() for _ in range(count)][::-1]
            operands.append(self._operand(node, taken))
        return operands.pop()

    def _operand(self, node: Tree[Any], operands: list[Any]) -> Any:
        match str(node.data):
            case "number":
                return self._number(node.children[0])
            case "name":
                return self._name(node.children[0])
            case "call":
                return self._call(node.children[0], operands)
            case "compare":
                return self._step(str(node.children[1]), operands)
            case "index":
                return self._index(operands)
            case "slice":
                return self._slice(node, operands)
            case "list":
                return operands
            case "positive":
                return operands[0]
            case operation:
                return self._step(operation, operands)

    def _number(self, token: Any) -> float:
        value = float(token)
        if math.isinf(value):
            raise ExpressionError("the number is too large", self.text, token.start_pos)
        return int(value) if str(token).isdigit() and value < 2**53 else value

    def _name(self, token: Any) -> Any:
        name = str(token)
        if name in CONSTANTS:
            return CONSTANTS[name]
        if name in FUNCTIONS:
            raise ExpressionError(f"{name} is a function, write {name}(...)", self.text, token.start_pos)
        if keyword.iskeyword(name):
            raise ExpressionError(f"{name!r} is not allowed", self.text, token.start_pos)
        if name not in self.parameters:
            self.parameters.append(name)
        return Reference(name)

    def _call(self, token: Any, operands: list[Any]) -> Any:
        name = str(token)
        if name not in FUNCTIONS:
            raise ExpressionError(str(UnknownNameError("function", name, FUNCTIONS)))
        callee = FUNCTIONS[name]
        if not callee.least <= len(operands) <= callee.most:
            wanted = f"{callee.least}" if callee.least == callee.most else f"{callee.least} or {callee.most}"
            raise ExpressionError(f"{name} takes {wanted} argument(s), got {len(operands)}", self.text, token.start_pos)
        return self._step(callee.path, operands)

    def _index(self, operands: list[Any]) -> Any:
        array, *keys = operands
        if not isinstance(array, Reference):
            raise ExpressionError(f"a number cannot be indexed: {array!r}")
        for key in keys:
            if type(key) not in (int, slice):
                raise ExpressionError("an index must be a constant integer, as in x[0] or x[1:, -1]")
        return self._step("index", [array, keys[0] if len(keys) == 1 else tuple(keys)])

    def _slice(self, node: Tree[Any], operands: list[Any]) -> slice:
        given = iter(operands)
        limits = [next(given) if _is_tree(child) else None for child in node.children]
        if any(limit is not None and type(limit) is not int for limit in limits):
            raise ExpressionError("the limits of a slice must be constant integers, as in x[1:3]")
        if limits[2] is not None and limits[2] < 1:
            raise ExpressionError("the step of a slice must be positive; write flip(x) to reverse x")
        return slice(*limits)

    def _step(self, operation: str, operands: Sequence[Any]) -> Any:
        if not any(isinstance(o, Reference) for o in operands):
            return _folded(operation, operands)
        self.steps.append(Step(operation, tuple(operands)))
        return Reference(len(self.steps) - 1)


def _is_tree(child: Any) -> bool:
    return hasattr(child, "children")


def _operands_first(tree: Tree[Any]) -> Iterator[Tree[Any]]:
    """Yield the nodes of a tree, operands before what uses them and from left to right, without recursion."""
    found: list[Tree[Any]] = []
    pending = [tree]
    while pending:
        node = pending.pop()
        found.append(node)
        pending.extend(child for child in node.children if _is_tree(child))
    yield from reversed(found)


def _folded(operation: str, operands: Sequence[Any]) -> float:
    """Compute an operation on constants; integers stay integers where they are small."""
    import numpy as np

    shown = f"{operation} of {', '.join(map(str, operands))}"
    try:
        with np.errstate(all="ignore"):
            value = _evaluated(operation, operands)
    except (ArithmeticError, TypeError, ValueError) as error:
        raise ExpressionError(f"{shown} cannot be computed: {error}") from None
    if isinstance(value, bool):
        raise ExpressionError(f"a comparison needs a variable on one side, got {shown}")
    if isinstance(value, int) and abs(value) <= 2**53:
        return value
    if not math.isfinite(value):
        raise ExpressionError(f"{shown} is {float(value)}")
    return float(value)


def _evaluated(operation: str, operands: Sequence[Any]) -> Any:
    if operation == "power":
        value = math.pow(*operands)  # bounded, unlike 9 ** 9 ** 9 in integers
        small = abs(value) <= 2**53 and all(isinstance(o, int) for o in operands) and value.is_integer()
        return int(value) if small else value
    if operation in _OPERATORS:
        return _OPERATORS[operation](*operands)
    module, _, name = operation.rpartition(".")
    return float(getattr(_home(module), name)(*operands))


def _home(module: str) -> Any:
    """Return the module whose functions the vocabulary means."""
    import numpy as np
    import scipy.special

    return {"": np, "linalg": np.linalg, "special": scipy.special}[module]
