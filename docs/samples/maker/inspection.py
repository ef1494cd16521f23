"""An inspection report on a footbridge: a PDF with figures, and the site sketch it refers to."""

import random

from PIL import Image, ImageDraw, ImageFilter
from reportlab.graphics.charts.lineplots import LinePlot
from reportlab.graphics.shapes import Drawing, Line, Polygon, Rect, String
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle, getSampleStyleSheet
from reportlab.lib.units import cm
from reportlab.platypus import Image as Picture
from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from .common import INK, font, folders

REQUEST = """\
From: Works Department, Kilbrennan District <works@kilbrennan.example>
To: Office <office@strandengineers.example>
Date: Tue, 11 Mar 2025 09:37:00 +0000
Subject: Principal inspection, Mill Weir footbridge (FB-017)
Message-ID: <fb017-20250311@kilbrennan.example>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8

Dear Sean,

Please carry out a principal inspection of the Mill Weir footbridge under the
framework agreement. It was last inspected in 2019 (general, condition 2). Since
the winter a crack in the north abutment has been reported twice by the same
dog walker, and the anglers say the third hanger "sings".

We need:

 - the condition of each element, scored 1 to 5 as in the council's manual;
 - crack widths at the four gauges fitted in 2023, with the readings plotted;
 - photographs or dimensioned sketches of every defect scored 3 or worse;
 - repairs with priority and rough cost, and a clear sentence on whether the
   bridge can stay open, with or without a limit.

The river authority allows access to the weir apron from 1 to 15 April only.
Report as PDF, sketches also as picture files, by 2 May.

Regards,
Niamh Doyle, structures
"""

ELEMENTS = [
    ("Element", "Score", "Defect", "Extent"),
    ("North abutment", "3", "Stepped crack in the wing wall, 0.9 mm; two stones loose", "2.1 m"),
    ("South abutment", "2", "Vegetation, no movement", "local"),
    ("Towers", "2", "Paint chalking; bolts tight on sampling (12 of 48)", "general"),
    ("Main cables", "2", "Wrapping open at the saddles, wires bright beneath", "2 places"),
    ("Hangers", "4", "Hanger N3: two of seven wires broken at the lower socket", "1 of 22"),
    ("Deck timber", "3", "Decay at plank ends on the upstream side", "9 of 118"),
    ("Handrail", "2", "One post loose", "1 of 24"),
    ("Drainage", "3", "North outlet blocked; water runs over the wing wall", "1 of 2"),
]

REPAIRS = [
    ("No.", "Repair", "Priority", "By", "Cost (EUR)"),
    ("1", "Replace hanger N3, prove the load in N2 and N4 before and after", "A", "within 14 days", "4,800"),
    ("2", "Clear the north outlet and fit a grating", "A", "within 14 days", "350"),
    ("3", "Repoint and pin the north wing wall, 2.1 m", "B", "September", "7,200"),
    ("4", "Replace nine planks, treat end grain", "B", "September", "2,600"),
    ("5", "Rewrap cables at the saddles", "C", "2026", "3,100"),
    ("6", "Paint towers and handrail", "C", "2027", "11,500"),
]

READINGS = {  # months since March 2023, crack width in mm
    "G1": [(0, 0.42), (3, 0.44), (6, 0.45), (9, 0.52), (12, 0.55), (15, 0.57), (18, 0.60), (21, 0.76), (25, 0.90)],
    "G2": [(0, 0.31), (3, 0.31), (6, 0.33), (9, 0.36), (12, 0.37), (15, 0.38), (18, 0.39), (21, 0.44), (25, 0.48)],
    "G3": [(0, 0.20), (3, 0.20), (6, 0.19), (9, 0.22), (12, 0.22), (15, 0.21), (18, 0.21), (21, 0.23), (25, 0.23)],
    "G4": [(0, 0.15), (3, 0.15), (6, 0.15), (9, 0.16), (12, 0.15), (15, 0.15), (18, 0.15), (21, 0.16), (25, 0.16)],
}
COLOURS = {"G1": "#b5482a", "G2": "#1d6f6a", "G3": "#66717d", "G4": "#a9b4bd"}


def styles():
    sheet = getSampleStyleSheet()
    body = ParagraphStyle("body", parent=sheet["BodyText"], fontSize=10, leading=14, spaceAfter=6)
    caption = ParagraphStyle("caption", parent=body, fontSize=8.5, textColor=colors.HexColor("#44505c"))
    cell = ParagraphStyle("cell", parent=body, fontSize=8.5, leading=11, spaceAfter=0)
    return sheet["Title"], sheet["Heading2"], body, caption, cell


def grid(rows, widths, cell):
    table = Table([[Paragraph(text, cell) for text in row] for row in rows], widths, repeatRows=1)
    table.setStyle(TableStyle([
        ("BACKGROUND", (0, 0), (-1, 0), colors.HexColor("#dde7e6")), ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("GRID", (0, 0), (-1, -1), 0.4, colors.HexColor("#9aa5b1")),
    ]))
    return table


def elevation():
    """The bridge seen from downstream, with the defects marked."""
    drawing = Drawing(480, 190)
    left, right, deck, top = 60, 420, 70, 150
    drawing.add(Rect(0, 0, 480, 30, fillColor=colors.HexColor("#d5e5ee"), strokeColor=None))
    for x0, x1 in ((10, left), (right, 470)):
        drawing.add(Rect(x0, 18, x1 - x0, deck - 18, fillColor=colors.HexColor("#cfc6b8"), strokeColor=colors.black))
    for x in (left + 20, right - 20):
        drawing.add(Line(x, deck, x, top, strokeWidth=3))
    drawing.add(Line(10, deck, 470, deck, strokeWidth=2.5))
    a, b = left + 20, right - 20
    points = [(a + (b - a) * i / 24, deck + 16 + (top - deck - 16) * (2 * i / 24 - 1) ** 2) for i in range(25)]
    for (x0, y0), (x1, y1) in zip(points, points[1:]):
        drawing.add(Line(x0, y0, x1, y1, strokeWidth=1.6))
    for number, (x, y) in enumerate(points[2:-2:2], 1):
        bad = number == 3
        colour = colors.HexColor("#b5482a") if bad else colors.black
        drawing.add(Line(x, deck, x, y, strokeWidth=2 if bad else 0.6, strokeColor=colour))
    for (x, y), label in (((points[6][0], deck - 14), "N3"), ((30, 84), "crack"), ((240, 8), "Mill Weir"),
                          ((16, 176), "north"), ((438, 176), "south")):
        drawing.add(String(x, y, label, fontSize=9, textAnchor="middle" if label == "N3" else "start"))
    drawing.add(Polygon([40, 60, 44, 52, 40, 46, 45, 38, 42, 30], strokeColor=colors.HexColor("#b5482a"), fillColor=None))
    return drawing


def readings_chart():
    drawing = Drawing(480, 210)
    plot = LinePlot()
    plot.x, plot.y, plot.width, plot.height = 40, 35, 400, 150
    plot.data = [READINGS[name] for name in READINGS]
    plot.xValueAxis.valueMin, plot.xValueAxis.valueMax, plot.xValueAxis.valueSteps = 0, 26, list(range(0, 27, 3))
    plot.yValueAxis.valueMin, plot.yValueAxis.valueMax, plot.yValueAxis.valueStep = 0, 1.0, 0.2
    for number, name in enumerate(READINGS):
        plot.lines[number].strokeColor = colors.HexColor(COLOURS[name])
        plot.lines[number].strokeWidth = 1.8
        x, y = READINGS[name][-1]
        drawing.add(String(446, 35 + 150 * y - 3, name, fontSize=9, fillColor=colors.HexColor(COLOURS[name])))
    drawing.add(plot)
    drawing.add(String(40, 195, "Crack width, mm", fontSize=9))
    drawing.add(String(300, 8, "months since March 2023", fontSize=9))
    return drawing


def crack_picture(path):
    """A drawn record of the wing wall: stones, the crack, a scale."""
    random.seed(17)
    image = Image.new("RGB", (1100, 780), "#b9b0a2")
    draw = ImageDraw.Draw(image)
    y = 60
    while y < 720:
        height, x = random.randint(70, 96), random.randint(-90, 0)
        while x < 1100:
            width = random.randint(120, 230)
            shade = random.randint(-14, 14)
            draw.rectangle((x, y, x + width - 8, y + height - 8), fill=(168 + shade, 160 + shade, 147 + shade))
            x += width
        y += height
    image = image.filter(ImageFilter.GaussianBlur(1.4))
    draw = ImageDraw.Draw(image)
    x, y, crack = 330, 60, []
    while y < 700:
        crack.append((x, y))
        nx, ny = x + random.choice((-34, 6, 40, 52)), y + random.randint(26, 48)
        draw.line((x, y, nx, ny), fill="#2b2320", width=max(2, round(7 - abs(ny - 300) / 90)))
        x, y = nx, ny
    draw.rectangle((0, 0, 1100, 50), fill="white")
    draw.text((20, 12), "Mill Weir footbridge, north wing wall, upstream face. 8 April 2025", INK, font(24))
    for gauge, height in (("G1", 240), ("G2", 520)):
        gx, gy = min(crack, key=lambda point: abs(point[1] - height))
        draw.rectangle((gx - 52, gy - 18, gx + 52, gy + 18), outline="#b5482a", width=5)
        draw.text((gx + 64, gy - 16), gauge, "#7d2a12", font(26))
    draw.rectangle((40, 724, 440, 744), fill="white", outline=INK)
    for step in range(0, 4, 2):
        draw.rectangle((40 + step * 100, 724, 140 + step * 100, 744), fill=INK)
    draw.text((450, 720), "1.0 m", "white", font(24))
    image.save(path, optimize=True)


def footer(canvas, document):
    canvas.setFont("Helvetica", 8)
    canvas.drawString(2 * cm, 1.2 * cm, "Strand Engineers - FB-017 principal inspection - revision 1")
    canvas.drawRightString(19 * cm, 1.2 * cm, f"page {document.page}")


def story(sketch):
    title, heading, body, caption, cell = styles()
    return [
        Paragraph("Mill Weir footbridge (FB-017)", title),
        Paragraph("Principal inspection, 8 and 9 April 2025", heading),
        Paragraph("<b>Can the bridge stay open? Yes, with a limit.</b> Until hanger N3 is replaced the deck must not "
                  "carry more than 20 people between the towers. Signs at both ends are enough, provided that the "
                  "hanger is replaced within 14 days and looked at every second day until then.", body),
        Paragraph("The crack in the north wing wall has doubled in two years and has grown fastest in the two wet "
                  "winters. It follows the blocked outlet above it. The wall is not in danger of falling, but pointing "
                  "it before the water is led away would be wasted.", body),
        elevation(), Paragraph("Figure 1. Elevation from downstream, not to scale. Defects of score 3 or worse in red.", caption),
        Paragraph("1. Condition of the elements", heading),
        Paragraph("Scores follow the council's manual: 1 as new, 5 failed. Every element was seen from within "
                  "touching distance; the underside of the deck from the weir apron at low water.", body),
        grid(ELEMENTS, [3.2 * cm, 1.4 * cm, 9.4 * cm, 2.4 * cm], cell), PageBreak(),
        Paragraph("2. Crack gauges", heading),
        readings_chart(), Paragraph("Figure 2. Readings of the four gauges fitted in 2023.", caption),
        Paragraph("G1 rose by 0.30 mm between September 2024 and April 2025, as much as in the eighteen months before. "
                  "G3 and G4, on the south side, follow the temperature and nothing else. A steady state is not "
                  "reached; readings should be monthly until the drainage is repaired.", body),
        Picture(str(sketch), 13.2 * cm, 9.36 * cm),
        Paragraph("Figure 3. Record drawing of the wing wall; also delivered as a picture file.", caption), PageBreak(),
        Paragraph("3. Hanger N3", heading),
        Paragraph("Two of seven wires are broken at the lower socket, with old rust on one face and a bright face on "
                  "the other: one broke long ago, one recently. The remaining five carry the present load with a factor of "
                  "2.1 against 3.0 required. Measured by frequency, the force in N3 is 31 % below that in N2 and N4, "
                  "which have taken the difference. The sound that anglers report is the slack strand in the wind.", body),
        grid([("Hanger", "Frequency (Hz)", "Force (kN)", "Factor of safety"), ("N2", "9.8", "11.9", "3.4"),
              ("N3", "7.4", "8.0", "2.1"), ("N4", "9.7", "11.6", "3.5")], [4 * cm, 4 * cm, 4 * cm, 4 * cm], cell),
        Spacer(1, 10), Paragraph("4. Repairs", heading),
        Paragraph("Costs are for work only, at 2025 prices, accurate to a quarter. Priority A is needed for safety, "
                  "B prevents loss, C is upkeep.", body),
        grid(REPAIRS, [1.1 * cm, 8.4 * cm, 1.8 * cm, 2.8 * cm, 2.3 * cm], cell), Spacer(1, 10),
        Paragraph("5. Limits of this inspection", heading),
        Paragraph("Foundations under water were not seen. Tower bolts were sampled, not all tested. Timber was probed, "
                  "not drilled. The next general inspection is due in April 2027, the next principal inspection in 2031.", body),
        Paragraph("Inspected by S. Mac Giolla, chartered engineer, with R. Adeyemi. Checked by H. Lindqvist.", body),
    ]


def build(folder):
    request, deliverable = folders(folder)
    (request / "inspection-order.eml").write_text(REQUEST)
    sketch = deliverable / "FB-017 wing wall.png"
    crack_picture(sketch)
    document = SimpleDocTemplate(
        str(deliverable / "FB-017 principal inspection.pdf"), pagesize=A4, leftMargin=2 * cm, rightMargin=2 * cm,
        topMargin=1.8 * cm, bottomMargin=2 * cm, title="FB-017 Mill Weir footbridge, principal inspection",
        author="Strand Engineers", invariant=1)
    document.build(story(sketch), onFirstPage=footer, onLaterPages=footer)
