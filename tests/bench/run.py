"""
Runs the benches, prints a table and writes build/bench.json.

A bench is a program in this folder, in Python or TypeScript, that prints one JSON object a line for each
figure: {"name", "value", "unit", "goal", "met"} and, if it helps a reader, "about". Lines that are not
such an object are shown as they come. Nothing here fails because of a time: `met` says whether a goal was
reached, and the exit code only whether everything could be measured.

    python tests/bench/run.py                  all
    python tests/bench/run.py offline_start    only these
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "workshop"))

from node import brought  # noqa: E402

FIELDS = ("name", "value", "unit", "goal", "met")
NOT_BENCHES = {"run.py", "nothing.py"}


def figure(line: str) -> dict[str, Any] | None:
    """The figure that a line tells, or None where it is only talk."""
    try:
        told = json.loads(line)
    except ValueError:
        return None
    return told if isinstance(told, dict) and all(field in told for field in FIELDS) else None


def measured(bench: Path, command: list[str], surroundings: dict[str, str]) -> tuple[list[dict[str, Any]], bool]:
    """Run one bench to its end; figures, and whether it ended well."""
    print(f"{bench.stem} …", flush=True)
    with subprocess.Popen(command, cwd=ROOT, env=surroundings, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        figures = []
        for line in run.stdout:
            told = figure(line)
            if told is None:
                print(f"  {line.rstrip()}", flush=True)
            else:
                figures.append(told)
    return figures, run.returncode == 0


def shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.2f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def table(figures: list[dict[str, Any]]) -> str:
    rows = [("figure", "value", "unit", "goal", "met")]
    for told in figures:
        met = {True: "yes", False: "NO", None: "-"}[told["met"]]
        rows.append((told["name"], shown(told["value"]), told["unit"], str(told["goal"] or "-"), met))
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = []
    for row in rows:
        name, value, unit, goal, met = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        lines.append(f"  {name}  {value.strip():>{widths[1]}}  {unit}  {goal}  {met}".rstrip())
    return "\n".join(lines)


def main(wanted: list[str]) -> int:
    node = brought()
    if node is None:
        print("There is no Node to measure with. make bench brings one.")
        return 2
    folder = Path(__file__).parent
    benches = {
        path.stem: path
        for path in sorted(folder.iterdir())
        if path.suffix in (".py", ".ts") and path.name not in NOT_BENCHES and not path.name.startswith(("_", "test_"))
    }
    unknown = set(wanted) - set(benches)
    if unknown:
        print(f"There is no bench {', '.join(sorted(unknown))}; there are {', '.join(benches)}.")
        return 2
    figures: list[dict[str, Any]] = []
    broken = []
    for name, path in benches.items():
        if wanted and name not in wanted:
            continue
        program = sys.executable if path.suffix == ".py" else str(node.program)
        told, well = measured(path, [program, str(path)], node.surroundings())
        figures += told
        if not well or not told:
            broken.append(name)
    out = ROOT / "build" / "bench.json"
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n")
    print("\n" + table(figures))
    print(f"\nWritten to {out.relative_to(ROOT)}.")
    if broken:
        print(f"Could not be measured: {', '.join(broken)}.")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
