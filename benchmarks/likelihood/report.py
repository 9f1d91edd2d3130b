"""The page of results, in Markdown."""

from collections.abc import Sequence
from statistics import mean

from likelihood.prose import INTRODUCTION, PAPERS, PROTOCOL, UNITS
from likelihood.published import PUBLISHED
from likelihood.results import Results
from likelihood.sets import KINDS, SETS

DETAILS = ["flow", "parameters", "steps", "best step", "first call, s", "validation", "test"]


def page(
    results: Results,
    *,
    seconds: dict[str, float],
    seeds: int,
    command: str,
) -> str:
    """All of it; `seconds` by kind."""
    parts = [INTRODUCTION.format(command=command)]
    for kind in KINDS:
        parts += [UNITS[kind].format(seeds=seeds, seconds=seconds[kind])]
        parts += [_summary(results, kind, seconds[kind]), PAPERS[kind], _papers(kind), "\n"]
    parts += [PROTOCOL, "## In detail\n\n", "Means over the seeds; ± is the standard error over"]
    parts += [" the test events, of the first seed.\n"]
    found = []
    for name, its in SETS.items():
        table, cells = _details(results, name, seconds[its.kind])
        parts += [f"\n### {its.title}\n\n", table]
        found += cells
    return "".join([*parts, _origin(found)])


def _summary(results: Results, kind: str, seconds: float) -> str:
    names = [name for name, its in SETS.items() if its.kind == kind]
    rows = []
    for row in KINDS[kind].rows:
        cells = [_spread(results.of(name, row.name, seconds), kind) for name in names]
        rows.append([row.name, *cells])
    return _table(["", *(SETS[name].title for name in names)], rows)


def _papers(kind: str) -> str:
    known = [p for p in PUBLISHED if SETS[p.set].kind == kind]
    names = list(dict.fromkeys(p.set for p in known))
    rows = []
    for model in dict.fromkeys(p.model for p in known):
        its = {p.set: p for p in known if p.model == model}
        cells = [f"[{its[n].value:.2f}]({its[n].source})" if n in its else "" for n in names]
        rows.append([model, *cells])
    return _table(["", *(SETS[name].title for name in names)], rows)


def _details(results: Results, name: str, seconds: float) -> tuple[str, list[dict]]:
    kind = SETS[name].kind
    rows, found = [], []
    for row in KINDS[kind].rows:
        cells = results.of(name, row.name, seconds)
        found += cells
        if not cells:
            rows.append([row.name, *["-"] * (len(DETAILS) - 1)])
            continue
        counts = [f"{mean(c[key] for c in cells):,.0f}" for key in ("steps", "best_step")]
        rows.append(
            [
                row.name,
                f"{cells[0]['parameters']:,}",
                *(counts if row.is_trained else ["", ""]),
                f"{mean(c['first_call'] for c in cells):.1f}" if row.is_trained else "",
                _spread(cells, kind, "validation") if row.is_trained else "",
                f"{_spread(cells, kind)} ± {_number(cells[0]['standard_error'], kind)}",
            ]
        )
    return _table(DETAILS, rows), found


def _spread(cells: list[dict], kind: str, key: str = "score") -> str:
    """Mean, lowest and highest; says how many seeds came to no number."""
    if not cells:
        return "-"
    values = [cell[key] for cell in cells if cell[key] is not None]
    text = _number(mean(values), kind) if values else ""
    if len(values) > 1:
        text += f" ({_number(min(values), kind)} .. {_number(max(values), kind)})"
    if lost := sum(not cell["is_finite"] or cell[key] is None for cell in cells):
        text += f" [{lost} of {len(cells)} diverged]"
    return text.strip()


def _number(value: float | None, kind: str) -> str:
    return "-" if value is None else f"{value:.{3 if kind == 'images' else 2}f}"


def _origin(cells: list[dict]) -> str:
    if not cells:
        return ""
    versions = sorted({f"{k} {v}" for cell in cells for k, v in cell["versions"].items()})
    machines = sorted({cell["machine"] for cell in cells})
    dates = sorted(cell["date"] for cell in cells)
    when = dates[0] if dates[0] == dates[-1] else f"{dates[0]} to {dates[-1]}"
    return f"\nMeasured {when} on {'; '.join(machines)}. {', '.join(versions)}.\n"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"
