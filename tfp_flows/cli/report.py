"""Tables of plain text."""

from collections.abc import Mapping, Sequence

from tfp_flows.cli.scores import Score


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as they need: the first one from the left, the others from the right.

    Example:
      >>> from tfp_flows.cli.report import aligned
      >>> print(aligned([("part", "nats"), ("test", "-16.55")]))
      part    nats
      test  -16.55
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def score_table(scores: Mapping[str, Score], *, has_bits: bool) -> str:
    """Parts below one another.

    Args:
      scores: by part.
      has_bits: whether the events are discrete, so that bits/dim mean something.
    """
    head = ["part", "events", "nats", "standard error"]
    rows = [head + (["bits/dim", "standard error"] if has_bits else [])]
    for part, score in scores.items():
        row = [part, f"{score.num_events:,}", f"{score.nll:,.3f}", f"{score.nll_error:.3f}"]
        if has_bits:
            row += [f"{score.bits_per_dim:.4f}", f"{score.bits_error:.4f}"]
        rows.append(row)
    return aligned(rows)
