"""How the documentation becomes a site: ``python3 tasks.py docs``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from arousal import __version__  # noqa: E402
from docs import reference_pages  # noqa: E402

project = "arousal"
author = "The arousal developers"
copyright = "The arousal developers; BSD-3-Clause"  # noqa: A001 (Sphinx's own name)
release = version = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_site", "images"]
myst_heading_anchors = 3
suppress_warnings = [
    "myst.xref_missing",  # links to files outside docs/ stay text
    "ref.python",  # a type's short name may be that of two classes; it stays text
]

default_role = "code"
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_default_options = {"members": True, "show-inheritance": True}
napoleon_google_docstring = False
napoleon_use_rtype = False

html_theme = "furo"
html_title = f"arousal {release}"
html_show_sphinx = False
html_copy_source = False
html_theme_options = {"navigation_with_keys": True}


def setup(app: Any) -> None:
    """Write the pages that are made from the code before anything is read."""
    app.connect("builder-inited", lambda _: reference_pages.write(HERE / "reference"))
