"""Options that say which data, and how they are read."""

from tfp_flows.cli.option import Option, at_least

SOURCE = (
    Option(
        "--data",
        None,
        "'digits'; a name in TensorFlow Datasets, such as mnist, fashion_mnist, cifar10; a folder "
        "of images; a table as .csv, .csv.gz, .npy or .npz; or images [n, H, W, C] as .npy",
        metavar="SOURCE",
    ),
    Option(
        "--data-dir",
        None,
        "for named sets: where TensorFlow Datasets has or shall put them, or the folder of the "
        "official files of MNIST, Fashion-MNIST or CIFAR-10",
        metavar="DIR",
    ),
)

PARTS = (
    Option(
        "--split",
        "train",
        "of named sets and folders: what to train on; of a folder without such folders it is all",
        metavar="SPLIT",
    ),
    Option(
        "--validation",
        "0.1",
        "what to validate on: a fraction of the training data, which leaves it; another split of "
        "the set; for tables another file; or 'none'",
        metavar="PART",
    ),
    Option(
        "--test",
        "auto",
        "what to score at the end, likewise; 'auto' is the split 'test' where there is one, and a "
        "tenth of the training data elsewhere",
        metavar="PART",
    ),
    Option("--batch-size", 64, "events in a batch", at_least(1), metavar="N"),
)

IMAGES = (
    Option("--num-bits", 8, "bits of a byte to keep, the upper ones", at_least(1), metavar="N"),
    Option("--size", None, "gives all images this size", at_least(1), metavar=("H", "W"), nargs=2),
    Option(
        "--fit",
        "crop",
        "how: cuts the middle out, adds a border of zeros, or scales until --size is covered and "
        "cuts the middle out",
        choices=("crop", "pad", "resize"),
    ),
    Option(
        "--channels",
        None,
        "makes all images grey, 1, or RGB, 3",
        int,
        metavar="C",
        choices=(1, 3),
    ),
    Option("--flip", None, "mirrors training images left to right by chance", bool),
    Option(
        "--shift",
        0,
        "moves training images by up to so many pixels by chance",
        at_least(0),
        metavar="N",
    ),
    Option("--labels", None, "the class is the context: a flow conditional on it", bool),
    Option(
        "--dequantization",
        "uniform",
        "of integers, by noise that is uniform, or learned by flows.flowpp_noise; presets of "
        "Flow++ bring their own",
        choices=("uniform", "learned"),
    ),
    Option(
        "--cache",
        "memory",
        "'memory' holds the images; 'none' reads them anew in each epoch; a path keeps them in "
        "files whose names begin with it",
        metavar="WHERE",
    ),
)

TABLES = (
    Option("--columns", [], "to use, all if not given", metavar="NAME", nargs="+"),
    Option("--categorical", [], "columns that hold categories", metavar="NAME", nargs="+"),
    Option("--integer", [], "columns that hold whole numbers", metavar="NAME", nargs="+"),
    Option("--key", None, "which array of an .npz file", metavar="NAME"),
)

DATA = (*SOURCE, *PARTS, *IMAGES, *TABLES)
