"""How Sphinx builds the site: `scripts/docs` calls it, and needs no network."""

import importlib.metadata
import os
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "tools"))
sys.path.insert(0, str(HERE.parent / "src"))
os.environ.setdefault("OMP_NUM_THREADS", "1")

project = "onelayer"
author = "the onelayer project"
copyright = author  # noqa: A001 - Sphinx's name for it
version = release = importlib.metadata.version("onelayer")

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "sphinx_gallery.gen_gallery",
    "from_code",
]
exclude_patterns = ["gallery/**", "made/extra/**"]
html_extra_path = ["made/extra"]
html_static_path = ["static"]
html_css_files = ["site.css"]

# Formulas are plain text here as in the code: nothing has to be fetched to show them.
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

autodoc_typehints = "none"
autodoc_member_order = "bysource"
napoleon_numpy_docstring = True
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True
napoleon_preprocess_types = False

# Types in docstrings are prose ("array (m, n)"), and not every class that they name has a page;
# links of pages must lead somewhere.
nitpick_ignore_regex = [(r"py:.*", r".*")]

copybutton_exclude = ".linenos, .gp, .go"
copybutton_selector = "div.highlight-python pre, div.highlight-bash pre"

sphinx_gallery_conf = {
    "examples_dirs": ["gallery"],
    "gallery_dirs": ["made/gallery"],
    "filename_pattern": r"\.py$",
    "abort_on_example_error": True,
    "download_all_examples": False,
    "show_signature": False,
    "capture_repr": (),
    "min_reported_time": 60,
    "plot_gallery": "True",
    "write_computation_times": False,
    "remove_config_comments": True,
    "matplotlib_animations": False,
    "within_subsection_order": "FileNameSortKey",
    "copyfile_regex": r".*\.rst",
}

smartquotes = False  # two hyphens are an option
highlight_language = "text"

html_theme = "pydata_sphinx_theme"
html_title = "onelayer"
html_show_sourcelink = False
html_copy_source = False
html_show_copyright = False
html_theme_options = {
    "show_prev_next": True,
    "navigation_with_keys": False,
    "navbar_align": "left",
    "header_links_before_dropdown": 6,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": [],
    "footer_end": ["sphinx-version"],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
    "search_as_you_type": True,
}
html_sidebars = {"index": []}
