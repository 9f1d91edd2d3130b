"""Images, tables, toy densities and input pipelines in plain NumPy and tf.data."""

from tfp_flows.data.batches import Batches
from tfp_flows.data.dequantize import dequantize, quantize
from tfp_flows.data.digits import DIGITS_NUM_LEVELS, load_digits
from tfp_flows.data.images import images
from tfp_flows.data.official import load_images
from tfp_flows.data.read_table import table
from tfp_flows.data.scaling import bin_width
from tfp_flows.data.table import Table
from tfp_flows.data.toy import checkerboard, eight_gaussians, pinwheel, rings, two_moons

__all__ = [
    "DIGITS_NUM_LEVELS",
    "Batches",
    "Table",
    "bin_width",
    "checkerboard",
    "dequantize",
    "eight_gaussians",
    "images",
    "load_digits",
    "load_images",
    "pinwheel",
    "quantize",
    "rings",
    "table",
    "two_moons",
]
