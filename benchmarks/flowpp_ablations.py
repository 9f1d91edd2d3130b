"""The ablations of Flow++, scaled down to two cores: equal steps and about equal parameters.

    python benchmarks/flowpp_ablations.py --data DIRECTORY --output DIRECTORY

Four variants: the whole model; uniform noise instead of the learned one; affine couplings instead
of mixtures, in flow and noise; a maximum of channels instead of attention. On CIFAR-10, averaged
down to 8 x 8 pixels and rounded to 0..255, and on Fashion-MNIST as it is; with three seeds each.
Widths make up for parameters, as in the paper. Every run is a process of its own on one thread,
and writes a file of results into the output directory; a run that has one is not repeated, so that
an interrupted command goes on where it was.
"""

import argparse
import dataclasses
import json
import os
import pathlib
import subprocess
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

from tfp_flows import FlowModel, data, distributions, flows, nets, training, transforms

VARIANTS = ("full", "uniform noise", "affine couplings", "no attention")
SEEDS = (0, 1, 2)
STEPS = 1500
WARM_UP = 200
# The rates at which the released code trains are for half a million steps.
RATE = 2e-3


@dataclasses.dataclass(frozen=True)
class Setting:
    """One dataset and the size of the models for it."""

    shape: tuple[int, int, int]
    couplings: tuple[tuple[int, int], ...]
    num_blocks: int
    batch_size: int
    widths: dict[str, int]
    noise_mixer: str | None

    def make(self, variant: str) -> distributions.Dequantized:
        """The model of one row."""
        width = self.widths[variant]
        is_affine = variant == "affine couplings"
        mixture = transforms.LogisticMixture(4, spread=0.0)
        transform = transforms.Affine(transforms.TanhScale(1.0)) if is_affine else mixture
        each = {"num_heads": 2, "dropout": 0.0}
        mixer = "pointwise" if variant == "no attention" else "attention"
        net = nets.FlowPPNet(width, self.num_blocks, mixer=mixer, **each)
        flow = flows.flowpp(self.shape, couplings=self.couplings, transform=transform, net=net)
        if variant == "uniform noise":
            return distributions.Dequantized(flow, 256)
        noise = flows.flowpp_noise(
            self.shape,
            num_couplings=2,
            transform=transform,
            net=nets.FlowPPNet(width, 1, mixer=self.noise_mixer and mixer, **each),
            context_net=nets.FlowPPContext(width, 1, dropout=0.0),
        )
        return distributions.Dequantized(flow, 256, noise)


# On 28 x 28 pixels attention starts at 14 x 7, and the noise has none, as for ImageNet 64.
SETTINGS = {
    "cifar10": Setting(
        (8, 8, 3),
        ((0, 4), (2, 3)),
        2,
        32,
        {"full": 16, "uniform noise": 18, "affine couplings": 20, "no attention": 16},
        noise_mixer="attention",
    ),
    "fashion_mnist": Setting(
        (28, 28, 1),
        ((0, 0), (2, 3)),
        1,
        16,
        {"full": 16, "uniform noise": 22, "affine couplings": 20, "no attention": 16},
        noise_mixer=None,
    ),
}


def load(name: str, split: str, directory: str | None) -> np.ndarray:
    """Images of the size of the setting, in 0..255."""
    images, _ = data.load_images(name, split, directory=directory)
    size = SETTINGS[name].shape[:2]
    if images.shape[1:3] != size:
        images = np.round(tf.image.resize(images, size, method="area")).astype(np.uint8)
    return images


def num_parameters(model: distributions.Dequantized) -> int:
    """That are trained."""
    return sum(int(np.prod(v.shape)) for v in model.trainable_variables)


def run(name: str, variant: str, seed: int, directory: str | None, path: pathlib.Path) -> None:
    """Trains one model, and writes its scores on the whole test set."""
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    keras.utils.set_random_seed(seed)
    setting = SETTINGS[name]
    images, held_out = (load(name, split, directory) for split in ("train", "test"))
    integers = setting.make(variant)
    model = FlowModel(integers)
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, STEPS - WARM_UP, alpha=0.01, warmup_target=RATE, warmup_steps=WARM_UP
    )
    model.compile(keras.optimizers.Adam(rate, global_clipnorm=1.0))
    batches = data.images(
        images, batch_size=setting.batch_size, dequantize=False, shuffle=True, seed=seed
    )
    training.initialize(integers, images[np.random.default_rng(seed).choice(len(images), 256)])
    history = model.fit(batches, epochs=10, steps_per_epoch=STEPS // 10, verbose=0)
    scores = model.evaluate(held_out, batch_size=100, verbose=0, return_dict=True)
    score = tf.function(
        lambda x: integers.log_prob(x, num_samples=8, importance_weighted=True), autograph=False
    )
    some = [score(held_out[i : i + 100]) for i in range(0, 500, 100)]
    dims = np.log(2.0) * np.prod(setting.shape)
    path.write_text(
        json.dumps(
            {
                "data": name,
                "variant": variant,
                "seed": seed,
                "parameters": num_parameters(integers),
                "train": history.history["bits_per_dim"],
                "test": scores["bits_per_dim"],
                "weighted": float(-np.mean(some) / dims),
            }
        )
    )


def table(results: list[dict]) -> None:
    """Prints mean and spread of each variant."""
    print("| data | variant | parameters | test bits/dim | 8 samples, 500 images |")
    print("| --- | --- | --- | --- | --- |")
    for name in SETTINGS:
        for variant in VARIANTS:
            rows = [r for r in results if (r["data"], r["variant"]) == (name, variant)]
            if rows:
                cells = [spread([row[key] for row in rows]) for key in ("test", "weighted")]
                parameters = f"{rows[0]['parameters']:,d}"
                print("|", " | ".join([name, variant, parameters, *cells]), "|")


def spread(values: list[float]) -> str:
    """Mean, and lowest to highest."""
    return f"{np.mean(values):.3f} ({min(values):.3f} .. {max(values):.3f})"


def main() -> None:
    """Trains what is missing and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="directory with a directory of official files for each name")
    parser.add_argument("--output", type=pathlib.Path, required=True, help="directory of results")
    parser.add_argument("--only", choices=list(SETTINGS), help="one of the datasets")
    parser.add_argument("--one", nargs=2, metavar=("VARIANT", "SEED"), help="one run of it")
    args = parser.parse_args()
    args.output.mkdir(parents=True, exist_ok=True)
    names = [args.only] if args.only else list(SETTINGS)
    if args.one:
        variant, seed = args.one
        directory = args.data and str(pathlib.Path(args.data) / args.only)
        run(args.only, variant, int(seed), directory, _path(args.output, args.only, *args.one))
        return
    paths = []
    for seed in SEEDS:
        for name in names:
            for variant in VARIANTS:
                paths.append(_path(args.output, name, variant, seed))
                given = ["--only", name, "--one", variant, str(seed), "--output", str(args.output)]
                given += ["--data", args.data] if args.data else []
                if not paths[-1].exists():
                    subprocess.run([sys.executable, __file__, *given], check=True)
    table([json.loads(path.read_text()) for path in paths])


def _path(output: pathlib.Path, name: str, variant: str, seed: object) -> pathlib.Path:
    return output / f"{name}-{variant.replace(' ', '-')}-{seed}.json"


if __name__ == "__main__":
    main()
