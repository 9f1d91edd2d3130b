"""Images, tables, toy densities and input pipelines in plain NumPy and tf.data."""

from tfp_flows.data.dequantize import bin_width, dequantize, quantize
from tfp_flows.data.digits import DIGITS_NUM_LEVELS, load_digits
from tfp_flows.data.images import load_images
from tfp_flows.data.pipeline import batches
from tfp_flows.data.read_table import table
from tfp_flows.data.table import Table
from tfp_flows.data.toy import checkerboard, eight_gaussians, pinwheel, rings, two_moons

__all__ = [
    "DIGITS_NUM_LEVELS",
    "Table",
    "batches",
    "bin_width",
    "checkerboard",
    "dequantize",
    "eight_gaussians",
    "load_digits",
    "load_images",
    "pinwheel",
    "quantize",
    "rings",
    "table",
    "two_moons",
]
