"""Small pieces: how long functions and files may be, in lines of code without docstrings, comments and blank lines."""

import ast
import io
import statistics
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("biometric_service", "device_drivers", "benchmarks")
LAYOUT = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}


def source_files() -> list[Path]:
    return [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]


def code_lines(source: str) -> set[int]:
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {
        line for token in tokens if token.type not in LAYOUT for line in range(token.start[0], token.end[0] + 1)
    } - docstring_lines(ast.parse(source))


def docstring_lines(tree: ast.Module) -> set[int]:
    holders = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    lines: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, holders) and ast.get_docstring(node, clean=False) is not None:
            lines |= set(range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1))
    return lines


def function_lengths(path: Path) -> dict[str, int]:
    source = path.read_text(encoding="utf-8")
    lines = code_lines(source)
    return {
        f"{path.relative_to(ROOT)}:{node.name}": len(
            lines & set(range(node.body[0].lineno, (node.end_lineno or 0) + 1))
        )
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


@pytest.fixture(scope="module")
def functions() -> dict[str, int]:
    return {name: length for path in source_files() for name, length in function_lengths(path).items()}


@pytest.fixture(scope="module")
def files() -> dict[str, int]:
    return {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in source_files()}


def test_the_limits_are_measured_on_real_code(functions: dict[str, int], files: dict[str, int]) -> None:
    assert len(functions) > 100
    assert len(files) > 50


def test_functions_are_small(functions: dict[str, int]) -> None:
    lengths = sorted(functions.values())
    assert statistics.median(lengths) <= 6
    assert lengths[int(len(lengths) * 0.9)] <= 24
    assert not {name: length for name, length in functions.items() if length > 60}


def test_files_are_small(files: dict[str, int]) -> None:
    lengths = sorted(files.values())
    assert statistics.median(lengths) <= 120
    assert lengths[int(len(lengths) * 0.9)] <= 320
    assert not {name: length for name, length in files.items() if length > 500}


def test_no_module_is_named_after_nothing() -> None:
    banned = {"utils", "util", "helpers", "common", "manager", "misc"}
    assert not [path for path in source_files() if path.stem in banned or path.parent.name in banned]
