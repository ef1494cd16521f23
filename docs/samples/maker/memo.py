"""A board memo with options, figures and a recommendation, as a Word document."""

import datetime
import io
import pathlib
import tempfile

from docx import Document
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

from .common import bar_chart, folders, freeze

WHEN = datetime.datetime(2024, 9, 19, 15, 42, 0)

REQUEST = """\
From: Ingrid Aasland <ingrid.aasland@haldenbrook.example>
To: Tomas Reyes <tomas.reyes@haldenbrook.example>
Date: Mon, 2 Sep 2024 08:14:00 +0200
Subject: Cold storage - board paper for the 26th
Message-ID: <20240902-0814@haldenbrook.example>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

Hi Tomas,

The board wants to decide on cold storage on 26 September and I do not want
another evening of opinions. Please write the paper. Three or four pages,
no more, in the usual memo form:

 1. what is wrong with running three sites (utilisation, energy, failures),
 2. three options with the same five-year figures for each,
 3. what could go wrong with each, and how we would notice early,
 4. one recommendation, with what you need from the board and by when.

Use the metered energy for 2021 to 2023 and the quotes that Marit collected in
August. Where a number is an estimate, say whose. I would like one picture, not
six, and please assume that Henrik reads only the first page.

Draft to me by the 19th, please.

Ingrid
"""

OPTIONS = [
    ("", "A. Keep three sites", "B. Two sites, renew Brook", "C. One new site"),
    ("Investment (MNOK)", "11.5", "38.0", "96.0"),
    ("Operating cost, year 5 (MNOK)", "31.2", "23.4", "19.8"),
    ("Energy, year 5 (GWh)", "5.9", "3.6", "2.7"),
    ("Pallet places", "14,200", "13,200", "15,000"),
    ("Net present cost, 5 years at 6 % (MNOK)", "139.8", "136.1", "171.4"),
    ("Break-even against A", "-", "4.4 years", "9.1 years"),
]

RISKS = [
    ("Option", "What could go wrong", "How we would notice", "What we would do"),
    ("A", "The ammonia plant at Solli fails in the harvest weeks",
     "Compressor 2 above 96 h a week", "Rent 400 places; standing offer from a neighbour"),
    ("B", "The racking at Brook is delivered late", "No factory test report by 15 February",
     "Keep Solli on a monthly lease until June"),
    ("B", "Drivers lose the Solli stop", "More than 3 % of routes over 10 hours",
     "Evening cross-dock twice a week"),
    ("C", "The site permit is contested", "Objection filed within six weeks of notice",
     "Stop; sunk cost limited to 2.1 MNOK"),
]

SITES = [
    ("Site", "Pallet places", "Used, average", "Used, peak", "Energy 2023 (GWh)", "Stops > 4 h"),
    ("Halden", "6,800", "71 %", "94 %", "2.1", "1"),
    ("Brook", "4,600", "58 %", "83 %", "1.6", "2"),
    ("Solli", "2,800", "39 %", "66 %", "2.0", "7"),
]


def shade(cell, colour):
    fill = OxmlElement("w:shd")
    for key, value in (("val", "clear"), ("color", "auto"), ("fill", colour)):
        fill.set(qn(f"w:{key}"), value)
    cell._tc.get_or_add_tcPr().append(fill)


def table(document, rows, caption, widths):
    document.add_paragraph(caption, style="Caption")
    grid = document.add_table(rows=0, cols=len(rows[0]), style="Table Grid")
    grid.alignment, grid.autofit = WD_TABLE_ALIGNMENT.CENTER, False
    for number, row in enumerate(rows):
        for cell, text, width in zip(grid.add_row().cells, row, widths):
            cell.width = Cm(width)
            paragraph = cell.paragraphs[0]
            paragraph.paragraph_format.space_after = Pt(2)
            run = paragraph.add_run(text)
            run.font.size = Pt(9)
            if number == 0:
                run.bold = True
                shade(cell, "DDE7E6")
    document.add_paragraph()


def heading_block(document):
    document.add_heading("Memorandum to the board", 0)
    for label, value in [
        ("To", "The board of Halden & Brook Foods SA"), ("From", "Tomas Reyes, logistics planning"),
        ("Date", "19 September 2024"), ("Meeting", "26 September 2024, item 5: for decision"),
        ("Subject", "Cold storage: two sites instead of three"),
    ]:
        line = document.add_paragraph()
        line.paragraph_format.space_after = Pt(0)
        line.add_run(f"{label}\t").bold = True
        line.add_run(value)
        line.paragraph_format.tab_stops.add_tab_stop(Cm(2.6))
    document.add_paragraph()


def first_page(document):
    document.add_heading("What we ask the board to decide", 1)
    document.add_paragraph(
        "Close the cold store at Solli by 30 June 2025, renew racking and refrigeration at Brook, "
        "and approve 38.0 MNOK for it. The lease at Solli must be cancelled by 31 December; a later "
        "decision costs one more year of rent, 2.9 MNOK.")
    document.add_paragraph("In one minute:")
    for text in [
        "Our three stores are 60 % full on average. Solli, the oldest, is 39 % full, uses a third of "
        "the energy and had seven of the ten long stops of the last three years.",
        "Two sites carry today's volume and the growth we plan, with 9 % of the places free in "
        "today's peak week. One new site would be cheaper to run, but breaks even only after nine years.",
        "Fourteen people work at Solli. Eleven can move to Brook (22 km); three posts go, two of "
        "them by retirement already announced.",
    ]:
        document.add_paragraph(text, style="List Bullet")


def situation(document):
    document.add_heading("1. What is wrong with three sites", 1)
    document.add_paragraph(
        "All figures in this section are metered: energy from the grid operator's meters, occupancy "
        "from the warehouse system at 06:00 each day, stops from the maintenance log.")
    table(document, SITES, "Table 1. The three sites in 2023; stops are for 2021 to 2023", [2.2, 2.6, 2.6, 2.4, 3.2, 2.4])
    document.add_paragraph(
        "Solli was built in 1987 for fish. Its ceiling is 2 m lower than at Brook, so that every "
        "pallet of cheese is split on arrival and joined again on departure: 41 minutes of handling "
        "per tonne against 26. Its refrigerant must be replaced by 2030 in any case, which is the "
        "larger part of the 11.5 MNOK that doing nothing would cost.")
    picture = io.BytesIO()
    bar_chart_to(picture)
    document.add_picture(picture, width=Cm(15.5))
    document.add_paragraph("Figure 1. Energy per occupied pallet place. Solli gets worse as it empties.",
                           style="Caption")


def bar_chart_to(stream):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "chart.png"
        bar_chart(path, "Energy per occupied place", "kWh a year", ["2021", "2022", "2023"], [
            ("Halden", "#1d6f6a", [418, 426, 435]), ("Brook", "#7aa8a4", [571, 588, 600]),
            ("Solli", "#c46a3a", [1290, 1544, 1831]),
        ])
        stream.write(path.read_bytes())
    stream.seek(0)


def options(document):
    document.add_heading("2. Three options, the same figures for each", 1)
    document.add_paragraph(
        "Volumes grow by 1.5 % a year in all options (sales budget of June). Energy is priced at "
        "0.94 NOK/kWh, the average of our forward contracts. Investments are the quotes of August "
        "2024, except the building of option C, which is the estimate of our consulting engineer "
        "with a stated accuracy of 25 %.")
    table(document, OPTIONS, "Table 2. Five-year comparison", [5.2, 3.4, 4.0, 3.4])
    document.add_paragraph(
        "Option B is the least costly over five years by a small margin and the least sensitive: if "
        "energy costs half as much again, B gains 4.5 MNOK on A; if volumes stay flat, it still "
        "breaks even in year five. Option C depends on selling the Halden site at the valuer's price.")


def risks(document):
    document.add_heading("3. What could go wrong, and how we would notice", 1)
    table(document, RISKS, "Table 3. Early signs", [1.6, 5.2, 4.6, 5.0])
    document.add_heading("People", 2)
    document.add_paragraph(
        "The employee representatives were heard on 11 September. They ask for travel time to be "
        "paid in the first year (0.6 MNOK, included) and for the forklift certificates to be renewed "
        "before the move. Both are reasonable and are part of the proposal.")


def recommendation(document):
    document.add_heading("4. Recommendation and timetable", 1)
    document.add_paragraph("We recommend option B. If the board agrees, it resolves to:")
    for text in [
        "approve an investment of 38.0 MNOK in Brook, of which 4.0 MNOK is contingency held by the managing director;",
        "cancel the lease at Solli before 31 December 2024, with effect from 30 June 2025;",
        "receive a report at each meeting until the move is complete, with the early signs of table 3.",
    ]:
        document.add_paragraph(text, style="List Number")
    table(document, [
        ("Step", "Who", "By"), ("Order racking and compressors", "T. Reyes", "15 October 2024"),
        ("Cancel the lease", "I. Aasland", "20 December 2024"), ("Factory test of compressors", "Supplier", "15 February 2025"),
        ("Move goods in four weekends", "Site managers", "May 2025"), ("Hand back Solli", "T. Reyes", "30 June 2025"),
    ], "Table 4. Timetable", [7.5, 4.0, 4.5])
    document.add_heading("What this paper does not settle", 2)
    document.add_paragraph(
        "The use of the freed rail siding at Solli, and whether Halden should be certified for "
        "organic goods. Neither changes the ranking of the options.")


def build(folder):
    request, deliverable = folders(folder)
    (request / "cold-storage-board-paper.eml").write_text(REQUEST)
    document = Document()
    for section in document.sections:
        section.left_margin = section.right_margin = Cm(2.4)
        section.footer.paragraphs[0].text = "Halden & Brook Foods SA - board paper 5/2024"
    document.styles["Normal"].font.name = "Calibri"
    document.styles["Normal"].font.size = Pt(10.5)
    document.styles["Caption"].font.color.rgb = RGBColor(0x33, 0x44, 0x44)
    for part in (heading_block, first_page, situation, options, risks, recommendation):
        part(document)
    properties = document.core_properties
    properties.author = properties.last_modified_by = "Tomas Reyes"
    properties.title, properties.comments = "Cold storage: two sites instead of three", ""
    path = deliverable / "Board memo - cold storage.docx"
    document.save(path)
    freeze(path, WHEN)
