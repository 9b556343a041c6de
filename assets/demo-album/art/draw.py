#!/usr/bin/env python3
"""Draws the sleeves of 'Parlour Weather': SVG, then PNG with rsvg-convert.

One picture (a sun, a cloud, rain that falls along the five lines of a stave) in the
colours of four weathers. The album looks at all four through a parlour window;
a track looks at its own.   usage: python3 draw.py
"""
import math
import pathlib
import subprocess

HERE = pathlib.Path(__file__).parent
SIZE = 1200

# sky, sun, cloud, shade (of the cloud), rain, drop
WEATHER = {
    "fair": dict(sky="#ffc233", sun="#f2472f", cloud="#fff6e2", shade="#ffdf94", rain="#17306b", drop="#17306b"),
    "rain": dict(sky="#1d4ed0", sun="#ffb52e", cloud="#f4f1e8", shade="#9db7f5", rain="#f4f1e8", drop="#ffb52e"),
    "gale": dict(sky="#d63a2c", sun="#2a1220", cloud="#ffd9c7", shade="#ef8a70", rain="#2a1220", drop="#ffd9c7"),
    "night": dict(sky="#123c3a", sun="#f3e3b3", cloud="#2f7a70", shade="#1f5852", rain="#8fe0c4", drop="#f3e3b3"),
}

# Where on its line each drop hangs, and on which line: the contour of a tune.
DROPS = [(0, 0.62), (1, 0.36), (2, 0.74), (3, 0.22), (4, 0.52), (5, 0.82), (6, 0.34)]


def cloud(x, y, scale, fill):
    lobes = [(-290, 160), (-60, 255), (215, 175)]
    shapes = [
        f'<path d="M {x + (dx - r) * scale:.1f} {y} a {r * scale:.1f} {r * scale:.1f} 0 0 1 {2 * r * scale:.1f} 0 z" fill="{fill}"/>'
        for dx, r in lobes
    ]
    return "".join(shapes)


def rain(c):
    lean, top, bottom = math.tan(math.radians(14)), 706, 1260
    out = []
    for line, share in DROPS:
        x = 352 + line * 96
        out.append(f'<line x1="{x}" y1="{top}" x2="{x - lean * (bottom - top):.1f}" y2="{bottom}" stroke="{c["rain"]}" stroke-width="11"/>')
        y = top + 40 + share * 400
        cx = x - lean * (y - top)
        out.append(f'<ellipse cx="{cx:.1f}" cy="{y:.1f}" rx="50" ry="37" transform="rotate(-24 {cx:.1f} {y:.1f})" fill="{c["drop"]}"/>')
    return "".join(out)


def picture(name):
    c = WEATHER[name]
    sun = f'<circle cx="690" cy="388" r="286" fill="{c["sun"]}"/>'
    if name == "night":
        sun += f'<circle cx="590" cy="322" r="240" fill="{c["sky"]}"/>'
    return (
        f'<rect width="{SIZE}" height="{SIZE}" fill="{c["sky"]}"/>{sun}'
        f'{rain(c)}{cloud(868, 664, 0.72, c["shade"])}{cloud(590, 716, 1.16, c["cloud"])}'
    )


def window():
    """Four panes, each with a quarter of the one picture in its own weather."""
    edge, bar = 46, 30
    pane = (SIZE - 2 * edge - bar) / 2
    far = edge + pane + bar
    places = [("fair", edge, edge), ("gale", far, edge), ("rain", edge, far), ("night", far, far)]
    out = [f'<rect width="{SIZE}" height="{SIZE}" fill="#fbf5e6"/>']
    for name, x, y in places:
        out.append(f'<clipPath id="{name}"><rect x="{x}" y="{y}" width="{pane}" height="{pane}"/></clipPath>')
        out.append(f'<g clip-path="url(#{name})">{picture(name)}</g>')
    return "".join(out)


def promotional():
    """A wide card: the four weathers side by side, one picture in four strips."""
    out = []
    for index, name in enumerate(WEATHER):
        out.append(f'<clipPath id="s{index}"><rect x="{index * 400}" y="0" width="400" height="900"/></clipPath>')
        out.append(f'<g clip-path="url(#s{index})"><g transform="translate(200 -170)"><rect x="-200" width="1700" height="1300" fill="{WEATHER[name]["sky"]}"/>{picture(name)}</g></g>')
    return "".join(out)


def save(name, body, width=SIZE, height=SIZE):
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">{body}</svg>\n'
    path = HERE / f"{name}.svg"
    path.write_text(svg)
    subprocess.run(["rsvg-convert", path, "-o", HERE / f"{name}.png"], check=True)


if __name__ == "__main__":
    save("cover", window())
    for weather in WEATHER:
        save(f"cover-{weather}", picture(weather))
    save("promo-four-weathers", promotional(), 1600, 900)
