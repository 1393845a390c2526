"""A figure of a lock as a file of its own: SVG that any program draws, and PNG for a slide."""

from django.template.loader import render_to_string

from analytics.reports.step_figure import StepFigure
from patients.casebook.typesetting import drawn

NAMESPACE = "http://www.w3.org/2000/svg"
# The colours of print of the stylesheet: a file knows no custom properties.
_LOOK = """
text { font-family: "Noto Sans CJK SC", sans-serif; fill: #46545e; font-size: 12px; }
.grid { stroke: #dddddd; } .axis { stroke: #8b979f; }
.c1 { stroke: #1c5688; fill: none; stroke-width: 2; }
.c2 { stroke: #9a4a00; fill: none; stroke-width: 2; stroke-dasharray: 7 3; }
.k1 { stroke: #1c5688; stroke-width: 1.5; } .k2 { stroke: #9a4a00; stroke-width: 1.5; }
.b1 { fill: #1c5688; fill-opacity: .06; stroke: #1c5688; stroke-opacity: .3; }
.b2 { fill: #9a4a00; fill-opacity: .06; stroke: #9a4a00; stroke-opacity: .3; stroke-dasharray: 3 3; }
text.t1 { fill: #1c5688; } text.t2 { fill: #9a4a00; }
text.end { text-anchor: end; } text.mid { text-anchor: middle; }
.ref { stroke: #6c7a84; stroke-dasharray: 2 3; }
"""


def svg_of(figure: StepFigure) -> str:
    """The drawing with its look inside it."""
    drawn = render_to_string("components/step_curves.html", {"figure": figure}).strip()
    head, _, rest = drawn.partition(">")
    look = f"<title>{_escaped(figure.title)}</title><style>{_LOOK}</style>"
    return f'{head} xmlns="{NAMESPACE}">{look}{rest}\n'


def png_of(figure: StepFigure) -> bytes:
    """The same as pixels, for a slide."""
    return drawn(svg_of(figure))


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
