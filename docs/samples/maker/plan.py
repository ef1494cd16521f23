"""A floor plan drawn to scale, as a picture."""

import math

from PIL import Image, ImageDraw

from .common import INK, MUTED, folders, font

REQUEST = """\
To: Wanjiru Kamau, draughting
From: Olle Strand, Strand & Daughters Bakery
17 January 2025

Dear Wanjiru,

we sign the lease of the corner shop next week and the fire officer wants a plan. Could you draw the
ground floor as we discussed on site? 12.0 by 8.0 metres inside, scale 1:50 on A3, metric, one sheet:

 * shop with counter on the street side (door 1.2 m, opens outwards), 10 seats;
 * bakery behind it, with oven (2.4 x 1.6), mixer, work table, sink;
 * cold room, dry store, staff room, one accessible toilet (turning circle 1.5 m please);
 * rear exit 0.9 m, and the escape route with its length.

Areas in each room, north arrow, scale bar. As a PNG that I can attach to the form. Nothing fancy.

Thank you!
Olle
"""

SCALE = 130  # pixels per metre
ORIGIN = (140, 170)

ROOMS = [  # name, x, y, width, height in metres, fill
    ("Shop", 0, 0, 5.2, 8.0, "#f4efe4"), ("Bakery", 5.2, 0, 6.8, 4.9, "#ffffff"),
    ("Cold room", 5.2, 4.9, 2.2, 1.5, "#e3eef5"), ("Dry store", 7.4, 4.9, 1.9, 1.5, "#ffffff"),
    ("", 9.3, 4.9, 1.0, 1.5, "#f7f7f7"), ("Staff", 10.3, 4.9, 1.7, 3.1, "#ffffff"),
    ("WC", 5.2, 6.4, 2.2, 1.6, "#ffffff"), ("Corridor", 7.4, 6.4, 2.9, 1.6, "#f7f7f7"),
]

FITTINGS = [  # label, x, y, width, height
    ("Counter", 3.6, 0.4, 0.7, 3.0), ("Oven", 9.3, 0.2, 2.4, 1.6), ("Work table", 6.5, 1.5, 2.4, 1.0),
    ("Mixer", 5.4, 0.3, 0.9, 0.9), ("Sink", 10.9, 4.1, 0.9, 0.6), ("Rack", 7.2, 4.0, 0.9, 0.7),
]

DOORS = [  # x, y, length, vertical
    (0, 3.55, 1.2, True), (5.2, 3.7, 0.9, True), (5.9, 4.9, 0.9, False), (9.4, 4.9, 0.8, False),
    (9.4, 6.4, 0.8, False), (8.0, 6.4, 0.8, False), (7.4, 6.7, 0.9, True), (10.3, 6.7, 0.8, True),
    (8.4, 8.0, 0.9, False),
]


def at(x, y):
    return ORIGIN[0] + x * SCALE, ORIGIN[1] + y * SCALE


def dashed(draw, points, colour, width, dash=16):
    for (x0, y0), (x1, y1) in zip(points, points[1:]):
        length = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5
        steps = int(length / dash)
        for step in range(0, steps, 2):
            a, b = step / steps, min(1, (step + 1) / steps)
            draw.line((x0 + (x1 - x0) * a, y0 + (y1 - y0) * a, x0 + (x1 - x0) * b, y0 + (y1 - y0) * b), colour, width)


def rooms(draw):
    for name, x, y, w, h, fill in ROOMS:
        draw.rectangle((*at(x, y), *at(x + w, y + h)), fill=fill, outline=INK, width=8)
    draw.rectangle((*at(0, 0), *at(12, 8)), outline=INK, width=18)
    for x, y, length, vertical in DOORS:
        end = (x, y + length) if vertical else (x + length, y)
        draw.line((*at(x, y), *at(*end)), "white", 14)
        draw.line((*at(x, y), *at(*end)), "#b5482a", 4)
    for name, x, y, w, h, _ in ROOMS:
        if not name:
            continue
        cx, cy = at(x + w / 2, y + h / 2)
        if name == "Shop":
            cx, cy = at(4.3, 6.2)
        if name == "Bakery":
            cx, cy = at(9.4, 4.3)
        if name == "WC":
            cx, cy = at(5.58, 6.72)
        draw.text((cx, cy - 14), name, INK, font(28), anchor="mm")
        draw.text((cx, cy + 18), f"{w * h:.1f} sq m", MUTED, font(22), anchor="mm")


def fittings(draw):
    for label, x, y, w, h in FITTINGS:
        draw.rectangle((*at(x, y), *at(x + w, y + h)), fill="#dde7e6", outline=MUTED, width=3)
        draw.text(at(x + w / 2, y + h / 2), label, INK, font(19), anchor="mm")
    for x, y in [(x, y) for y in (0.9, 2.1, 5.6, 6.8) for x in (0.7, 1.9)] + [(3.1, 5.6), (3.1, 6.8)]:
        cx, cy = at(x, y)
        draw.ellipse((cx - 24, cy - 24, cx + 24, cy + 24), outline=MUTED, width=3)
    cx, cy = at(6.55, 7.2)
    r = 0.75 * SCALE
    dashed(draw, [(cx + r * c, cy + r * s) for c, s in circle(60)], MUTED, 3, 8)
    draw.text((cx, cy), "1.5 m", MUTED, font(20), anchor="mm")


def circle(steps):
    return [(math.cos(2 * math.pi * i / steps), math.sin(2 * math.pi * i / steps)) for i in range(steps + 1)]


def frame(draw, size):
    draw.text((140, 50), "Strand & Daughters Bakery - ground floor", INK, font(44))
    draw.text((140, 108), "1:50 on A3, dimensions in metres", MUTED, font(26))
    for a, b, label in (((0, 8.4), (12, 8.4), "12.00"), ((12.45, 0), (12.45, 8), "8.00"), ((0, 8.75), (5.2, 8.75), "5.20"),
                        ((5.2, 8.75), (12, 8.75), "6.80")):
        (x0, y0), (x1, y1) = at(*a), at(*b)
        draw.line((x0, y0, x1, y1), INK, 2)
        for x, y in ((x0, y0), (x1, y1)):
            draw.line((x - 9, y + 9, x + 9, y - 9), INK, 3)
        draw.text(((x0 + x1) / 2 + (34 if x0 == x1 else 0), (y0 + y1) / 2 - (0 if x0 == x1 else 16)), label, INK, font(24), anchor="mm")
    dashed(draw, [at(10.25, 3.0), at(6.0, 3.0), at(6.0, 4.15), at(-0.6, 4.15)], "#1d6f6a", 5)
    draw.text(at(1.4, 4.35), "escape route 12.0 m", "#1d6f6a", font(22))
    x, y = size[0] - 120, 110
    draw.polygon(((x, y - 60), (x - 22, y + 30), (x, y + 12), (x + 22, y + 30)), fill=INK)
    draw.text((x, y - 76), "N", INK, font(30), anchor="mm")
    for metre in range(4):
        x0, y0 = 140 + metre * SCALE, size[1] - 70
        draw.rectangle((x0, y0, x0 + SCALE, y0 + 16), fill=INK if metre % 2 == 0 else "white", outline=INK)
    draw.text((140 + 4 * SCALE + 16, size[1] - 76), "4 m", INK, font(24))
    draw.text((size[0] - 80, size[1] - 60), "drawn: W. Kamau, 21 January 2025, sheet 1 of 1, rev. A", MUTED, font(24), anchor="ra")


def build(folder):
    request, deliverable = folders(folder)
    (request / "plan-request.txt").write_text(REQUEST)
    size = (1900, 1480)
    image = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)
    rooms(draw)
    fittings(draw)
    frame(draw, size)
    image.quantize(48).save(deliverable / "Ground floor plan.png", optimize=True)
