"""The walk is one function that names every stage in order."""

import ast
from pathlib import Path

WALK = Path(__file__).parents[2] / "biometric_service" / "recognition" / "identification.py"
STAGES = [
    "capture",
    "locate",
    "assess_quality",
    "detect_attacks",
    "extract",
    "search",
    "compare",
    "decide_identification",
    "event_of",
]


def test_one_function_of_under_forty_lines_names_every_stage_in_order() -> None:
    functions = [node for node in ast.parse(WALK.read_text(encoding="utf-8")).body if isinstance(node, ast.FunctionDef)]
    assert [function.name for function in functions] == ["identify"]
    calls = [node for node in ast.walk(functions[0]) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
    called = [call.func.id for call in sorted(calls, key=lambda call: call.lineno) if isinstance(call.func, ast.Name)]
    assert [name for name in called if name in STAGES] == STAGES
    assert (functions[0].end_lineno or 0) - functions[0].lineno < 40
