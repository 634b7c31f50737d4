"""Documents: Typst templates in, archival and accessible PDF out.

    from typeset import render
    pdf = render("certificate", data, at=now)

One document kind = one module with its data class (`typeset.certificate`) and one template of the same name.
"""

from typeset.rendering import MissingGlyph, RenderError, render

__all__ = ["MissingGlyph", "RenderError", "render"]
