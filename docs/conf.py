"""How the site is built: `make docs`."""

import os
import pathlib
import sys

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE))  # For the extensions below, which live here.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tfp_flows  # noqa: E402

project = "tfp_flows"
author = "the authors of tfp_flows"
copyright = author
version = release = tfp_flows.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
    "extensions.command_help",
    "extensions.docstrings",
    "extensions.drawing",
    "extensions.formulas",
    "extensions.public_names",
]
exclude_patterns = ["skeletons"]
nitpicky = True
nitpick_ignore_regex = [
    # Whatever stands between backticks in a docstring: a link if it is a name, code if not.
    ("py:obj", r"(?s).*"),
    ("py:class", r"tfp_flows\.data\.columns\.Column"),  # `data.table` makes them.
    # Types of other packages, and aliases: their pages would have to be fetched.
    ("py:.*", r"(?!tfp_flows\b).*"),
]

# Markdown, with formulas and links to headings.
myst_enable_extensions = ["dollarmath", "colon_fence", "deflist"]
myst_heading_anchors = 3

# Docstrings.
default_role = "py:obj"
autodoc_default_options = {"members": True, "member-order": "bysource"}
autodoc_inherit_docstrings = False  # What overrides without a word is said where it is promised.
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
autodoc_typehints_format = "short"
napoleon_numpy_docstring = False
napoleon_use_ivar = True
napoleon_use_rtype = False
add_module_names = False
python_maximum_signature_line_length = 88
toc_object_entries_show_parents = "hide"

# The gallery: `plot_*.py` are run, the others shown. `GALLERY=plot_squeeze make docs` runs one.
sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "gallery",
    "filename_pattern": r"/" + os.environ.get("GALLERY", "plot_"),
    "within_subsection_order": "FileNameSortKey",
    "default_thumb_file": str(HERE / "pictures" / "digits.png"),
    "show_signature": False,
    "capture_repr": (),  # No `Text(0.5, 1.0, ...)` after a title was set.
    "download_all_examples": False,
    "notebook_extensions": [],
    "remove_config_comments": True,
    "show_memory": False,
    "min_reported_time": 1e9,
    "write_computation_times": False,
}

# The look.
html_math_renderer = "svg"  # Of extensions.formulas.
html_theme = "furo"
html_title = "tfp_flows"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sphinx = False
html_copy_source = False
html_theme_options = {
    "light_css_variables": {
        "color-brand-primary": "#0b5fa5",
        "color-brand-content": "#0b5fa5",
        "font-stack": "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif",
    },
    "dark_css_variables": {
        "color-brand-primary": "#6cb6ff",
        "color-brand-content": "#6cb6ff",
    },
}
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

linkcheck_anchors = False  # Of pages that scripts fill in.
