"""A pitch to a city council as slides, with native charts, a table and speaker notes."""

import datetime

from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.dml.color import RGBColor
from pptx.enum.chart import XL_CHART_TYPE, XL_LEGEND_POSITION
from pptx.enum.shapes import MSO_SHAPE
from pptx.util import Cm, Pt

from .common import folders, freeze

WHEN = datetime.datetime(2025, 5, 6, 16, 30, 0)

REQUEST = """\
Brief from the client, taken down by phone on 22 April 2025

Client:   Riverbend Public Library Trust (Joan Castellanos, head of outreach)
For:      Priya Nair, freelance presentation designer
Due:      7 May, noon. Council committee meets on the 8th, 20 minutes including questions.

What she asked for, as close to her words as I could write:

"We have a van that is seventeen years old and a council that thinks libraries are buildings. I need
eight to ten slides that make them fund a new mobile library for three years. They have the budget
paper already, so do not repeat it. Show who we reach now, who we do not, what it costs per visit
compared with a branch, and what happens if they say no. One ask, at the end, with a number.

Please put what I should say in the notes, because I get nervous. No stock photos of smiling
children. Use our teal. And the chart about distance has to be readable from the back of the room."

Figures: the spreadsheet of our 2024 counts, copied into her mail of the same day.
"""

TEAL, DARK, SAND = RGBColor(0x1D, 0x6F, 0x6A), RGBColor(0x1F, 0x29, 0x33), RGBColor(0xF4, 0xEF, 0xE4)


def blank(deck, title, notes):
    slide = deck.slides.add_slide(deck.slide_layouts[5])
    heading = slide.shapes.title
    heading.left, heading.top, heading.width, heading.height = Cm(1.6), Cm(0.9), Cm(30.5), Cm(2.4)
    heading.text = title
    run = heading.text_frame.paragraphs[0].runs[0]
    run.font.size, run.font.bold, run.font.color.rgb = Pt(34), True, TEAL
    heading.text_frame.paragraphs[0].alignment = 1
    slide.notes_slide.notes_text_frame.text = notes
    return slide


def text(slide, lines, left, top, width, height, size=22):
    frame = slide.shapes.add_textbox(Cm(left), Cm(top), Cm(width), Cm(height)).text_frame
    frame.word_wrap = True
    for number, line in enumerate(lines):
        paragraph = frame.paragraphs[0] if number == 0 else frame.add_paragraph()
        paragraph.space_after = Pt(10)
        run = paragraph.add_run()
        run.text, run.font.size, run.font.color.rgb = line, Pt(size), DARK


def figure(slide, number, words, left):
    box = slide.shapes.add_shape(MSO_SHAPE.ROUNDED_RECTANGLE, Cm(left), Cm(5), Cm(9.4), Cm(8.5))
    box.fill.solid()
    box.fill.fore_color.rgb = SAND
    box.line.fill.background()
    frame = box.text_frame
    frame.word_wrap = True
    for number_, (line, size, colour) in enumerate([(number, 44, TEAL), (words, 20, DARK)]):
        paragraph = frame.paragraphs[0] if number_ == 0 else frame.add_paragraph()
        paragraph.alignment = 2
        run = paragraph.add_run()
        run.text, run.font.size, run.font.color.rgb = line, Pt(size), colour


def chart(slide, kind, categories, series, top=4.2, height=13, number_format="0"):
    data = CategoryChartData(number_format=number_format)
    data.categories = categories
    for name, values in series:
        data.add_series(name, values)
    drawn = slide.shapes.add_chart(kind, Cm(2), Cm(top), Cm(29.5), Cm(height), data).chart
    drawn.has_legend = len(series) > 1
    if drawn.has_legend:
        drawn.legend.position, drawn.legend.include_in_layout = XL_LEGEND_POSITION.BOTTOM, False
    drawn.font.size = Pt(18)
    plot = drawn.plots[0]
    plot.has_data_labels = True
    plot.data_labels.font.size = Pt(18)
    plot.series[0].format.fill.solid()
    plot.series[0].format.fill.fore_color.rgb = TEAL


def opening(deck):
    slide = deck.slides.add_slide(deck.slide_layouts[0])
    slide.shapes.title.text = "A library that comes to you"
    slide.placeholders[1].text = "Riverbend Public Library Trust\nCouncil committee, 8 May 2025"
    slide.shapes.title.text_frame.paragraphs[0].runs[0].font.color.rgb = TEAL
    for shape, top, height in ((slide.shapes.title, 5, 4), (slide.placeholders[1], 9.5, 4)):
        shape.left, shape.top, shape.width, shape.height = Cm(2), Cm(top), Cm(29.8), Cm(height)
    slide.notes_slide.notes_text_frame.text = (
        "Thank the chair. Say who I am. One sentence: we ask for three years of a mobile library, "
        "and I will show you who it is for.")


def middle(deck):
    slide = blank(deck, "Three in ten residents live beyond walking distance", (
        "Pause here. Beyond walking distance means more than two kilometres on foot by the street "
        "network, not as the crow flies."))
    chart(slide, XL_CHART_TYPE.BAR_CLUSTERED, ["under 1 km", "1 to 2 km", "2 to 5 km", "over 5 km"],
          [("Share of residents, %", (38, 32, 21, 9))])
    slide = blank(deck, "Membership falls with every kilometre", (
        "The same children, the same schools. What differs is the distance. Do not read the numbers out."))
    chart(slide, XL_CHART_TYPE.COLUMN_CLUSTERED, ["under 1 km", "1 to 2 km", "2 to 5 km", "over 5 km"],
          [("Under 16, %", (61, 47, 22, 11)), ("Over 65, %", (44, 39, 19, 8))])
    slide = blank(deck, "What the old van did in 2024", (
        "It is seventeen years old. It was off the road for 61 of 212 planned days. Even so:"))
    for left, number, words in [(2, "151", "days on the road, of 212 planned"), (12.2, "9,870", "visits at 24 stops"),
                                (22.4, "412", "new members, two thirds under 16")]:
        figure(slide, number, words, left)
    slide = blank(deck, "It costs less per visit than a small branch", (
        "Branch figures are from the council's own budget book. The van includes driver and depreciation."))
    chart(slide, XL_CHART_TYPE.COLUMN_CLUSTERED, ["Old van 2024", "New van, planned", "Northside branch", "Mill Lane branch"],
          [("Cost per visit, $", (14.6, 8.9, 11.3, 12.7))], number_format="0.0")


def plan(deck):
    slide = blank(deck, "Where it would stop", "Stops were chosen with the schools and the two care homes.")
    rows = [("Day", "Morning", "Afternoon", "Evening"), ("Monday", "Hillcrest school", "Orchard Road flats", "-"),
            ("Tuesday", "St Brendan's care home", "Fairview school", "Station square"), ("Wednesday", "Workshop and restocking", "Lowfield", "-"),
            ("Thursday", "Upper Ferry school", "Ferry green", "Ferry green"), ("Friday", "Linden care home", "Westmoor estate", "-"),
            ("Saturday", "Market, in turn with the branches", "-", "-")]
    grid = slide.shapes.add_table(len(rows), 4, Cm(2), Cm(4.4), Cm(29.5), Cm(11)).table
    for r, row in enumerate(rows):
        for c, value in enumerate(row):
            cell = grid.cell(r, c)
            cell.text = value
            cell.text_frame.paragraphs[0].runs[0].font.size = Pt(17)
            if r == 0:
                cell.fill.solid()
                cell.fill.fore_color.rgb = TEAL
    slide = blank(deck, "What else a van carries", "Keep this short. The council asked about broadband last year.")
    text(slide, ["Broadband and two desks for forms, job applications and homework",
                 "A benefits adviser, one day in the month, paid by the county",
                 "Parcels of books for 70 people who cannot leave home",
                 "In a flood: a charged battery, a roof and somebody people know"], 2, 5, 28, 10, 26)


def closing(deck):
    slide = blank(deck, "If the answer is no", (
        "Say it calmly. This is not a threat, it is the garage's letter of 3 March."))
    text(slide, ["The old van fails its inspection in October; repair is quoted at $38,000.",
                 "Twenty-four stops close. The nearest branch is 4.3 km away on average.",
                 "Some 1,900 members are likely to lapse within a year (our estimate, from the closure of 2018)."],
         2, 5, 28, 10, 26)
    slide = blank(deck, "What could go wrong, and what we would do", "Only if they ask.")
    text(slide, ["No driver: two branch staff hold the licence and are trained as relief.",
                 "Fewer visits than planned: stops below 12 visits for a quarter are moved, not kept.",
                 "Breakdown: five-year warranty; a loan van from the county within three days."], 2, 5, 28, 10, 26)
    slide = blank(deck, "The ask", (
        "Read the number. Stop. Do not fill the silence."))
    figure(slide, "$486,000", "over three years, for one electric van and its driver", 2)
    text(slide, ["$171,000 in 2026 for the van, after the county's grant of $90,000",
                 "$157,500 a year in 2026/27 and 2027/28 to run it",
                 "A report to this committee every six months: visits, members, cost per visit"], 12.6, 5, 18, 9, 24)


def build(folder):
    request, deliverable = folders(folder)
    (request / "client-brief.txt").write_text(REQUEST)
    deck = Presentation()
    deck.slide_width, deck.slide_height = Cm(33.867), Cm(19.05)
    for part in (opening, middle, plan, closing):
        part(deck)
    properties = deck.core_properties
    properties.author = properties.last_modified_by = "Priya Nair"
    properties.title = "A library that comes to you"
    path = deliverable / "Mobile library pitch.pptx"
    deck.save(path)
    freeze(path, WHEN)
