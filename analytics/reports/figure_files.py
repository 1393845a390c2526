"""A figure of a lock as a file of its own: SVG that any program draws, and PNG for a slide."""

from typing import TypeAlias

from django.template.loader import render_to_string

from analytics.reports.drawing import Drawing
from analytics.reports.step_figure import StepFigure
from patients.casebook.typesetting import drawn

Figure: TypeAlias = StepFigure | Drawing

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
.strong { font-weight: 600; fill: #17222b; } .letter { font-size: 9px; fill: #17222b; }
.s1 { fill: #1c5688; } .s2 { fill: #9a4a00; } .hit { stroke: none; fill: none; }
.lane-car { fill: #e1f1f0; stroke: #0b6663; } .lane-hsct { fill: #f7e9f2; stroke: #85306b; }
.m-graft { fill: #85306b; } .m-good { fill: #1a6840; } .m-bad { fill: #ae2319; } .m-warn { fill: #7d5200; }
.m-graft, .m-good, .m-bad, .m-warn { stroke: #ffffff; }
.m-death { stroke: #17222b; stroke-width: 2.5; fill: none; }
.m-alive { stroke: #46545e; stroke-width: 1.5; fill: none; }
.m-open { fill: #ffffff; stroke: #46545e; stroke-width: 1.2; } .t-bad { fill: #ae2319; font-size: 10px; }
.g0 { fill: none; stroke: #dddddd; }
.g1, .g2, .g3, .g4, .g5 { fill: #9a4a00; stroke: #9a4a00; stroke-opacity: .5; }
.g1 { fill-opacity: .12; } .g2 { fill-opacity: .28; } .g3 { fill-opacity: .5; } .g4 { fill-opacity: .9; }
.g-text { fill: #17222b; } text.on { fill: #ffffff; }
.course { stroke: #1c5688; stroke-opacity: .5; fill: none; stroke-linejoin: round; }
.dot { fill: #1c5688; fill-opacity: .7; }
.window { fill: #f7e9f2; }
.node { fill: #eef2f4; stroke: #6c7a84; }
.node-side { fill: #ffffff; stroke: #6c7a84; stroke-dasharray: 4 3; }
.way { stroke: #46545e; stroke-width: 1.5; fill: none; }
"""
_TEMPLATES: dict[type[Figure], str] = {
    StepFigure: "components/step_curves.html",
    Drawing: "components/drawing.html",
}


def svg_of(figure: Figure) -> str:
    """The drawing with its look inside it; a file leads nowhere."""
    drawn = render_to_string(_TEMPLATES[type(figure)], {"figure": figure, "is_file": True}).strip()
    head, _, rest = drawn.partition(">")
    look = f"<title>{_escaped(figure.title)}</title><style>{_LOOK}</style>"
    return f'{head} xmlns="{NAMESPACE}">{look}{rest}\n'


def png_of(figure: Figure) -> bytes:
    """The same as pixels, for a slide."""
    return drawn(svg_of(figure))


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
