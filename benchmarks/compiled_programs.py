"""What the operations of compiled programs are, read from their text."""

import re
from dataclasses import dataclass

import jax

_INSTRUCTION = re.compile(r"^\s*(?:ROOT )?%([\w.-]+) = (\([^)]*\)|\S+) ([\w-]+)\(")
_CALLS = re.compile(r"(?:calls|to_apply)=%([\w.-]+)")
_SOURCE = re.compile(r'op_name="([^"]*)"')
_FRAME = re.compile(r"stack_frame_id=(\d+)")
_TABLES = ("FileNames", "FileLocations", "StackFrames")
_COMPUTATION = re.compile(r"^(?:ENTRY )?%([\w.-]+) \(")
_PASSED_BY = re.compile(r"jit\(_?\w*\)|while|body|closed_call|jvp\(\)")

_MOVES = {
    *("broadcast", "concatenate", "copy", "dynamic-slice", "dynamic-update-slice", "gather"),
    *("pad", "reverse", "scatter", "slice", "transpose"),
}
"""Operations that move data;"""

_BESIDE_MOVES = {
    *("bitcast", "compare", "constant", "convert", "get-tuple-element", "iota", "parameter"),
    *("add", "fusion", "multiply", "reshape", "select", "subtract", "tuple"),
}
"""and what an operation that moves data may hold as well, arithmetic of indices among it."""


@dataclass(frozen=True)
class Operation:
    """One instruction of a compiled program."""

    shape: str
    """Type and shape of its result."""
    kind: str
    """`matrix products`, `sums`, `moving data`, `loops` or `element by element`."""
    source: str
    """What it was in the traced program: `transpose(jvp())` for a part of a gradient."""
    place: str
    """File and line that it comes from; empty if unknown."""


def operations_of(program: str) -> dict[str, Operation]:
    """The operations, by name, of the largest compiled program of that name, such as
    `jit__update`; none where it is not there."""
    texts = [
        module.to_string()
        for executable in jax.devices()[0].client.live_executables()
        for module in executable.hlo_modules()
        if module.name == program
    ]
    return read_program(max(texts, key=len)) if texts else {}


def read_program(text: str) -> dict[str, Operation]:
    """The operations of a compiled program's text."""
    inside: dict[str, set[str]] = {}
    instructions: dict[str, tuple[str, str, str]] = {}
    places = _places(text)
    computation = ""
    for line in text.splitlines():
        if found := _COMPUTATION.match(line):
            computation = found[1]
            inside[computation] = set()
        elif found := _INSTRUCTION.match(line):
            name, shape, operation = found.groups()
            inside[computation].add(operation)
            instructions[name] = (shape, operation, line)
    return {
        name: Operation(
            shape.split("{")[0], _kind(operation, line, inside), _source(line), _place(line, places)
        )
        for name, (shape, operation, line) in instructions.items()
    }


def _places(text: str) -> dict[str, str]:
    """File and line of every stack frame, from the tables that head a program's text."""
    tables: dict[str, dict[str, str]] = {name: {} for name in _TABLES}
    table = None
    for line in text.splitlines():
        if line and line[0].isalpha():
            table = tables.get(line.strip())
        elif table is not None and (found := re.match(r"\s*(\d+) (.*)", line)):
            table[found[1]] = found[2]
        elif line.startswith("%"):
            break

    def one(frame: str) -> str:
        location = re.search(r"file_location_id=(\d+)", frame)
        at = tables["FileLocations"].get(location[1], "") if location else ""
        found = re.search(r"file_name_id=(\d+).* line=(\d+)", at)
        if found is None:
            return ""
        file = tables["FileNames"].get(found[1], "").strip('"').split("/")[-1]
        return f"{file}:{found[2]}"

    return {number: one(frame) for number, frame in tables["StackFrames"].items()}


def _place(line: str, places: dict[str, str]) -> str:
    found = _FRAME.search(line)
    return places.get(found[1], "") if found else ""


def _kind(operation: str, line: str, inside: dict[str, set[str]]) -> str:
    called = _CALLS.search(line)
    operations = {operation} | (inside.get(called[1], set()) if called else set())
    if operations & {"dot", "convolution"} or "gemm" in line:
        return "matrix products"
    if operation in ("while", "call", "conditional"):
        return "loops"
    if operations & {"reduce", "reduce-window"}:
        return "sums"
    if operations & _MOVES - {"broadcast"} and operations <= _MOVES | _BESIDE_MOVES:
        return "moving data"
    return "element by element"


def _source(line: str) -> str:
    found = _SOURCE.search(line)
    parts = found[1].split("/") if found else []
    return " ".join(part for part in parts if not _PASSED_BY.fullmatch(part))
