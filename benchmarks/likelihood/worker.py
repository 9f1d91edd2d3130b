"""One cell of the tables, in a process of its own: trains, scores, and answers with JSON.

    python -m likelihood.worker ARRAYS SPECIFICATION

ARRAYS is a file `.npz` of the parts of the set; SPECIFICATION the fields of a `Job`, as JSON.
"""

import two_cores  # noqa: F401 - before any framework

# isort: split
import dataclasses
import importlib
import importlib.metadata
import json
import os
import random
import sys

import numpy as np

from likelihood.course import UNTRAINED, Events, train
from likelihood.turns import Turn


@dataclasses.dataclass(frozen=True)
class Job:
    """What is trained, and how; see `rows.Row` and `sets.Kind`."""

    module: str
    function: str
    options: dict
    is_raw: bool
    is_trained: bool
    batch: int
    score_batch: int
    checks: int
    seed: int
    seconds: float


def set_seed(seed: int) -> None:
    """Of all that is there."""
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - libraries draw from it
    if keras := sys.modules.get("keras"):
        keras.utils.set_random_seed(seed)
    elif torch := sys.modules.get("torch"):
        torch.manual_seed(seed)


def run(job: Job, parts: dict[str, np.ndarray], turn: Turn) -> dict:
    """The measured part of a cell."""
    training = Events(parts["train"], job.batch, job.is_raw)
    validation, test = (
        Events(parts[part], job.score_batch, job.is_raw) for part in ("validation", "test")
    )
    module = importlib.import_module(f"likelihood.{job.module}")
    set_seed(job.seed)
    first = slice(0, 256) if job.is_trained else slice(None)
    make = getattr(module, job.function)
    learner = make(training.prepared(first, np.random.default_rng(job.seed)), **job.options)
    trained = UNTRAINED
    if job.is_trained:
        course = {"seconds": job.seconds, "checks": job.checks, "seed": job.seed}
        trained = train(learner, training, validation, **course, turn=turn)
    scores = test.scores(learner, seed=1)
    return {
        **trained._asdict(),
        "parameters": learner.parameters,
        "score": _number(scores.mean()),
        "standard_error": _number(scores.std() / np.sqrt(len(scores))),
        "versions": {name: importlib.metadata.version(name) for name in module.PACKAGES},
    }


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None  # JSON has no other numbers.


def main() -> None:
    """Answers on stdout, where nothing else goes: libraries print."""
    arrays, specification = sys.argv[1:]
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    with np.load(arrays) as file:
        parts = dict(file)
    job = Job(**json.loads(specification))
    print(json.dumps(run(job, parts, Turn(answers))), file=answers, flush=True)


if __name__ == "__main__":
    main()
