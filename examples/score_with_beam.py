"""Score rows and sample with Apache Beam
======================================

An exported flow over a file of rows, by a pipeline. ::

    pip install tfp_flows[beam]
    python examples/score_with_beam.py --output scores

takes about a minute on two CPU cores: a small flow is trained on two moons and exported; lines
`name,x,y` of a file are parsed, scored, and written as `name,nats` to `densities-*`, and the bad
ones to `refused-*` with the reason; then a thousand points a seed are drawn into `samples-*`.
The runner is the local one. Options of Beam are handed on, and say that there are more workers, ::

    python examples/score_with_beam.py --direct_num_workers 2 --direct_running_mode multi_processing

or, with `--runner`, another engine. `--model` and `--rows` score other rows with another flow, of
events `[2]`.
"""

import argparse
import csv
import os
import pathlib
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions

from tfp_flows import FlowModel, data, export, flows

POINTS = 1000


def make_model(path: pathlib.Path, epochs: int) -> None:
    """Trains a flow on two moons, and exports it."""
    flow = flows.coupling_flow((2,), num_couplings=4)
    model = FlowModel(flow)
    model.compile("adam")
    model.fit(data.two_moons(10_000), batch_size=256, epochs=epochs, verbose=0)
    export.save(flow, path)


def make_rows(path: pathlib.Path, n: int) -> None:
    """Writes lines to be scored, of which the last three cannot be."""
    with path.open("w", newline="") as file:
        lines = csv.writer(file)
        lines.writerows([f"row{i}", x, y] for i, (x, y) in enumerate(data.two_moons(n, seed=1)))
        lines.writerows([["short", 0.5], ["missing", 0.5, ""], ["infinite", 0.5, "1e99"]])


def parse(line: str) -> tuple[str, list[Any]]:
    """A key and an event, or what is there instead, to be refused with the others."""
    name, *fields = line.split(",")
    try:
        return name, [float(field) for field in fields]
    except ValueError:
        return name, fields


def main(
    *,
    model: str | None,
    rows: str | None,
    output: str,
    epochs: int,
    num_rows: int,
    beam_args: list[str],
) -> Any:
    """Runs both pipelines in one; gives Beam's result, which has metrics."""
    folder = pathlib.Path(output)
    folder.mkdir(parents=True, exist_ok=True)
    if model is None:
        model = str(folder / "model" / "1")
        make_model(pathlib.Path(model), epochs)
    if rows is None:
        rows = str(folder / "rows.csv")
        make_rows(pathlib.Path(rows), num_rows)
    options = PipelineOptions(["--runner=FnApiRunner", *beam_args])
    with beam.Pipeline(options=options) as pipeline:
        parsed = pipeline | beam.io.ReadFromText(rows) | beam.Map(parse)
        scores = parsed | "Score" >> export.run_signature(model)
        densities = scores.done | beam.MapTuple(lambda name, nats: f"{name},{nats:.6f}")
        refused = scores.refused | beam.MapTuple(lambda name, row, reason: f"{name},{reason}")
        seeds = pipeline | beam.Create([(seed, seed) for seed in range(10)])
        given = {"count": POINTS, "temperature": 1.0}
        drawn = seeds | "Draw" >> export.run_signature(model, "sample", given=given)
        samples = drawn.done | beam.FlatMapTuple(
            lambda seed, points: [f"{seed},{x:.6f},{y:.6f}" for x, y in points]
        )
        files = {"densities": densities, "refused": refused, "samples": samples}
        for name, lines in files.items():
            file = beam.io.WriteToText(str(folder / name), file_name_suffix=".csv")
            _ = lines | f"Write {name}" >> file
    return pipeline.result


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", help="a SavedModel of `export.save`, of events [2]")
    parser.add_argument("--rows", help="a file of lines `name,x,y`")
    parser.add_argument("--output", default="scores", help="a folder")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--num_rows", type=int, default=10_000, help="in the file that is made")
    known, others = parser.parse_known_args()
    main(**vars(known), beam_args=others)
    print(f"Densities, refused rows and samples are in {known.output}.")
