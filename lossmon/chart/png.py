"""A picture as PNG, for what shows no SVG: with its words also where no font is installed.

What draws it takes "monospace" for Courier New. A machine that lacks it, as most servers do, had
pictures without a number at their axes; so a font of our own goes along (`mono.ttf`: DejaVu Sans
Mono's letters of European languages). What it lacks, the machine's fonts have, or nothing shows.
"""

from __future__ import annotations

from importlib.resources import as_file, files

_FONT = ("mono.ttf", "Lossmon Mono")


def png_of(svg: str) -> bytes:
    """The picture on white; raises ImportError where what draws it is not installed."""
    import resvg_py

    name, family = _FONT
    with as_file(files(__package__) / name) as font:
        drawn = resvg_py.svg_to_bytes(
            svg_string=svg,
            background="#ffffff",
            font_files=[str(font)],
            monospace_family=family,
        )
    return bytes(drawn)
