"""
Runs the benches, prints a table and writes build/bench.json; with --keep, docs/benchmarks.md from it.

A bench is a program in this folder, in Python or TypeScript, that prints one JSON object a line for each
figure: {"name", "value", "unit", "goal", "met"} and, if it helps a reader, "about". Lines that are not
such an object are shown as they come. Nothing here fails because of a time: `met` says whether a goal was
reached, and the exit code only whether everything could be measured. A value of null is a figure that cannot be
had on this machine; "about" says why. build/bench.json keeps the last figures of benches that are not run this time,
each with its day and how busy the machine was before.

    python tests/bench/run.py                  all
    python tests/bench/run.py offline_start    only these
    python tests/bench/run.py --keep ...       and docs/benchmarks.md
"""

import json
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
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
    if value is None:
        return "-"
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


def machine(node: str) -> str:
    """What kind of machine this is, in a sentence."""
    models = [line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")]
    memory = next((int(line.split()[1]) for line in _lines("/proc/meminfo") if line.startswith("MemTotal")), 0)
    model = models[0] if models and models[0] != "unknown" else platform.machine()
    return (
        f"{os.cpu_count()} processors ({model}), {memory / 2**20:.0f} GiB of memory, {platform.system()}, "
        f"Python {platform.python_version()}, Node {node}"
    )


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []


def page(figures: list[dict[str, Any]], kind: str) -> str:
    """docs/benchmarks.md: what was asked, measured and met."""
    lines = [
        "# Benchmarks",
        "",
        "Written by `make bench KEEP=yes`; `make bench ONLY=name` measures one again. The benches are in `tests/bench`, "
        "each with what it does in its first lines. No test depends on any of this.",
        "",
        f"Machine: {kind}.",
        "",
        "Clients, peers and servers share these processors, and others use the machine too: *load* is its one-minute "
        "average when the bench began. So figures are ratios within one run, bytes, counts or processor time wherever "
        "that can be; a second or a rate is only worth something beside its neighbour. Peers are what their registries "
        "ship; where one could not be installed, its row says so.",
    ]
    for bench in dict.fromkeys(each["bench"] for each in figures):
        few = [each for each in figures if each["bench"] == bench]
        lines += ["", f"## {bench}", f"{few[0]['day']}, load {few[0]['load']:.2f}.", ""]
        lines += ["| figure | asked | measured | met |", "|---|---|---|---|"]
        for told in few:
            met = {True: "yes", False: "**no**", None: "-"}[told["met"]]
            value = "not measured" if told["value"] is None else f"{shown(told['value'])} {told['unit']}"
            lines.append(f"| `{told['name']}` | {told['goal'] or '-'} | {value} | {met} |")
        lines += [""] + [f"`{told['name']}`: {told['about']}." for told in few if told.get("about")]
    return "\n".join(lines) + "\n"


def main(asked: list[str]) -> int:
    keep, wanted = "--keep" in asked, [each for each in asked if each != "--keep"]
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
    out = ROOT / "build" / "bench.json"
    known: dict[str, list[dict[str, Any]]] = {name: [] for name in benches}
    if out.exists():
        for told in json.loads(out.read_text()):
            known.get(told.get("bench", ""), []).append(told)
    broken = []
    ran = []
    for name, path in benches.items():
        if wanted and name not in wanted:
            continue
        program = sys.executable if path.suffix == ".py" else str(node.program)
        circumstances = {"bench": name, "day": datetime.now(UTC).date().isoformat(), "load": os.getloadavg()[0]}
        told, well = measured(path, [program, str(path)], node.surroundings())
        known[name] = [{**each, **circumstances} for each in told]
        ran += known[name]
        if not well or not told:
            broken.append(name)
        figures = [each for few in known.values() for each in few]
        out.parent.mkdir(exist_ok=True)
        out.write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n")
    print("\n" + table(ran))
    print(f"\nWritten to {out.relative_to(ROOT)}.")
    if keep:
        version = subprocess.run([str(node.program), "--version"], capture_output=True, text=True, check=True).stdout
        kept = [each for few in known.values() for each in few]
        (ROOT / "docs" / "benchmarks.md").write_text(page(kept, machine(version.strip().removeprefix("v"))))
        print("Written to docs/benchmarks.md.")
    if broken:
        print(f"Could not be measured: {', '.join(broken)}.")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
