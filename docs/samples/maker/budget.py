"""A three-year operating budget as a spreadsheet whose figures are formulas."""

import datetime

from openpyxl import Workbook
from openpyxl.chart import BarChart, LineChart, Reference
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties

from .common import folders, freeze

WHEN = datetime.datetime(2025, 2, 14, 11, 5, 0)

REQUEST = """\
# Three-year budget for the Eastgate clinic

From: Dr. Amara Okafor, clinical director
To: Lena Fischer, finance
3 February 2025

The trustees will fund a second consulting room only if we can show what the clinic costs to run
for the next three years. I need a model that I can change in the meeting, not a printout.

What it must do:

- one sheet with **every assumption in one place** (visits, tariffs, pay, inflation), yellow cells
  are mine to change, everything else follows;
- staffing by role, with the month in which each post starts;
- income by payer (statutory, private, grants);
- costs by line for 2025, 2026 and 2027;
- a summary with the result per year, cash at year end and how many visits a day we need to break
  even, with one chart that a trustee understands;
- what happens if visits are 10 % lower, or the grant is not renewed in 2026.

Please keep names of patients and staff out of it; roles are enough. The trustees meet on the 20th.

Amara
"""

HEAD = PatternFill("solid", fgColor="DDE7E6")
INPUT = PatternFill("solid", fgColor="FFF6CC")
BOLD = Font(bold=True)
YEARS = [2025, 2026, 2027]

ASSUMPTIONS = [
    ("Opening days a year", 228, 230, 230, "0"),
    ("Consulting rooms", 1, 2, 2, "0"),
    ("Visits per room and day", 36, 24, 26, "0.0"),
    ("Share statutory", 0.78, 0.78, 0.77, "0%"),
    ("Tariff, statutory (EUR a visit)", 47.0, 47.9, 48.9, "0.00"),
    ("Tariff, private (EUR a visit)", 92.0, 94.0, 96.0, "0.00"),
    ("Grant, district (EUR)", 65000, 65000, 40000, "#,##0"),
    ("Pay rise", 0.0, 0.028, 0.025, "0.0%"),
    ("Price inflation", 0.0, 0.023, 0.021, "0.0%"),
    ("Social charges on pay", 0.212, 0.214, 0.214, "0.0%"),
    ("Rent (EUR a month)", 3450, 3450, 3620, "#,##0"),
    ("Equipment bought (EUR)", 18500, 64000, 9000, "#,##0"),
    ("Cash at the start of 2025 (EUR)", 41200, None, None, "#,##0"),
    ("Scenario: change in visits", 0.0, 0.0, 0.0, "0%"),
    ("Scenario: share of grant received", 1.0, 1.0, 1.0, "0%"),
]
ROW = {name: number for number, (name, *_rest) in enumerate(ASSUMPTIONS, 5)}

STAFF = [
    ("Physician, lead", 0.9, 98000, 12, 12, 12), ("Physician", 0.4, 91000, 12, 12, 12),
    ("Physician, second room", 0.8, 91000, 0, 9, 12), ("Nurse", 1.0, 46500, 12, 12, 12),
    ("Nurse, second room", 0.75, 46500, 0, 10, 12), ("Medical assistant", 1.25, 36800, 12, 12, 12),
    ("Reception", 1.0, 34200, 12, 12, 12), ("Practice manager", 0.5, 58000, 12, 12, 12),
    ("Cleaning", 0.4, 29500, 12, 12, 12), ("Apprentice", 1.0, 15800, 4, 12, 12),
]

COSTS = [
    ("Medical supplies (per visit)", 3.15), ("Laboratory (per visit)", 2.4), ("Energy", 9800), ("Insurance", 6350),
    ("Software and telephone", 8900), ("Training", 4200), ("Audit and legal", 5600),
    ("Maintenance of devices", 7300), ("Waste and laundry", 3900), ("Other", 5000),
]


def header(sheet, row, values):
    for column, value in enumerate(values, 1):
        cell = sheet.cell(row, column, value)
        cell.font, cell.fill = BOLD, HEAD


def widths(sheet, first, *others):
    sheet.column_dimensions["A"].width = first
    for number, width in enumerate(others, 2):
        sheet.column_dimensions[get_column_letter(number)].width = width


def assumptions(book):
    sheet = book.active
    sheet.title = "Assumptions"
    sheet["A1"] = "Eastgate clinic - operating budget 2025 to 2027"
    sheet["A1"].font = Font(bold=True, size=14)
    sheet["A2"] = "Yellow cells are inputs. Everything else in this workbook follows from them."
    header(sheet, 4, ["Assumption", *YEARS, "Source"])
    sources = ["calendar", "plan", "average of 2024: 35.4; two rooms from 2026", "2024 accounts", "tariff table 2025, +2 %",
               "fee schedule", "award letter; 2027 is applied for", "collective agreement", "central bank",
               "payroll office", "lease, step in 2027", "quotes", "bank, 31 December", "set to -10 % to test",
               "set 2026 to 0 % to test"]
    for (name, *values, style), source in zip(ASSUMPTIONS, sources):
        row = ROW[name]
        sheet.cell(row, 1, name)
        for column, value in enumerate(values, 2):
            if value is not None:
                cell = sheet.cell(row, column, value)
                cell.fill, cell.number_format = INPUT, style
        sheet.cell(row, 5, source).font = Font(italic=True, color="66717D")
    widths(sheet, 36, 12, 12, 12, 34)
    sheet.freeze_panes = "B5"


def ref(name, column):
    return f"Assumptions!${column}${ROW[name]}"


def staffing(book):
    sheet = book.create_sheet("Staffing")
    header(sheet, 1, ["Role", "Posts", "Pay 2025 (EUR)", "Months 2025", "Months 2026", "Months 2027",
                      "Cost 2025", "Cost 2026", "Cost 2027"])
    for row, (role, posts, pay, *months) in enumerate(STAFF, 2):
        for column, value in enumerate([role, posts, pay, *months], 1):
            sheet.cell(row, column, value)
        for offset, year in enumerate("BCD"):
            rise = f"*(1+{ref('Pay rise', 'C')})" if offset >= 1 else ""
            rise += f"*(1+{ref('Pay rise', 'D')})" if offset >= 2 else ""
            sheet.cell(row, 7 + offset,
                       f"=B{row}*C{row}*{'DEF'[offset]}{row}/12*(1+{ref('Social charges on pay', year)}){rise}")
    last = len(STAFF) + 1
    sheet.cell(last + 1, 1, "Total").font = BOLD
    for column in "GHI":
        sheet[f"{column}{last + 1}"] = f"=SUM({column}2:{column}{last})"
        sheet[f"{column}{last + 1}"].font = BOLD
        for row in range(2, last + 2):
            sheet[f"{column}{row}"].number_format = "#,##0"
    widths(sheet, 26, 8, 15, 12, 12, 12, 12, 12, 12)
    return last + 1


def income(book):
    sheet = book.create_sheet("Income")
    header(sheet, 1, ["", *YEARS])
    lines = [
        ("Visits", "={days}*{rooms}*{visits}*(1+{change})"),
        ("Statutory insurance (EUR)", "={c}2*{share}*{statutory}"),
        ("Private payers (EUR)", "={c}2*(1-{share})*{private}"),
        ("Grant (EUR)", "={grant}*{received}"),
        ("Total income (EUR)", "=SUM({c}3:{c}5)"),
    ]
    for row, (name, formula) in enumerate(lines, 2):
        sheet.cell(row, 1, name).font = BOLD if name.startswith("Total") else Font()
        for column in "BCD":
            sheet[f"{column}{row}"] = formula.format(
                c=column, days=ref("Opening days a year", column), rooms=ref("Consulting rooms", column),
                visits=ref("Visits per room and day", column), share=ref("Share statutory", column),
                statutory=ref("Tariff, statutory (EUR a visit)", column),
                private=ref("Tariff, private (EUR a visit)", column),
                grant=ref("Grant, district (EUR)", column), change=ref("Scenario: change in visits", column),
                received=ref("Scenario: share of grant received", column))
            sheet[f"{column}{row}"].number_format = "#,##0"
    widths(sheet, 30, 14, 14, 14)


def costs(book, staff_total):
    sheet = book.create_sheet("Costs")
    header(sheet, 1, ["Line (EUR)", *YEARS, "Base 2025"])
    lines = [("Staff", None), ("Rent", None), *COSTS]
    for row, (name, base) in enumerate(lines, 2):
        sheet.cell(row, 1, name.replace(" (per visit)", ""))
        if base is not None:
            sheet.cell(row, 5, base).fill = INPUT
        for offset, column in enumerate("BCD"):
            factor = "*".join([f"(1+{ref('Price inflation', c)})" for c in "BCD"[: offset + 1]])
            if name == "Staff":
                formula = f"=Staffing!{'GHI'[offset]}{staff_total}"
            elif name == "Rent":
                formula = f"=12*{ref('Rent (EUR a month)', column)}"
            elif "per visit" in name:
                formula = f"=$E{row}*Income!{column}2*{factor}"
            else:
                formula = f"=$E{row}*{factor}"
            sheet[f"{column}{row}"] = formula
            sheet[f"{column}{row}"].number_format = "#,##0"
    last = len(lines) + 1
    sheet.cell(last + 1, 1, "Total running costs").font = BOLD
    for column in "BCD":
        sheet[f"{column}{last + 1}"] = f"=SUM({column}2:{column}{last})"
        sheet[f"{column}{last + 1}"].number_format = "#,##0"
    widths(sheet, 30, 14, 14, 14, 12)
    return last + 1


def summary(book, cost_total):
    sheet = book.create_sheet("Summary", 0)
    sheet["A1"] = "Summary for the trustees"
    sheet["A1"].font = Font(bold=True, size=14)
    header(sheet, 3, ["EUR", *YEARS])
    per_visit = "(Costs!{c}4+Costs!{c}5)/Income!{c}2"
    lines = [
        ("Income", "=Income!{c}6", "#,##0"), ("Running costs", f"=Costs!{{c}}{cost_total}", "#,##0"),
        ("Result before equipment", "={c}4-{c}5", "#,##0;[Red]-#,##0"),
        ("Equipment", "=" + "Assumptions!{c}%d" % ROW["Equipment bought (EUR)"], "#,##0"),
        ("Cash at year end", "={before}+{c}6-{c}7", "#,##0;[Red]-#,##0"),
        ("Visits a day and room", "=Assumptions!{c}%d*(1+Assumptions!{c}%d)" % (
            ROW["Visits per room and day"], ROW["Scenario: change in visits"]), "0.0"),
        ("Visits a day and room to break even",
         f"=(({{c}}5-Income!{{c}}2*{per_visit})-Income!{{c}}5)/((Income!{{c}}3+Income!{{c}}4)/Income!{{c}}2-{per_visit})"
         "/Assumptions!{c}5/Assumptions!{c}6", "0.0"),
    ]
    for row, (name, formula, style) in enumerate(lines, 4):
        sheet.cell(row, 1, name).font = BOLD
        for column, before in zip("BCD", (f"Assumptions!B{ROW['Cash at the start of 2025 (EUR)']}", "B8", "C8")):
            sheet[f"{column}{row}"] = formula.format(c=column, before=before)
            sheet[f"{column}{row}"].number_format = style
    bars = BarChart()
    bars.type, bars.title, bars.height, bars.width = "col", "Income and running costs (EUR)", 8, 16
    bars.add_data(Reference(sheet, min_col=1, max_col=4, min_row=4, max_row=5), from_rows=True, titles_from_data=True)
    bars.set_categories(Reference(sheet, min_col=2, max_col=4, min_row=3))
    sheet.add_chart(bars, "A14")
    line = LineChart()
    line.title, line.height, line.width = "Cash at year end (EUR)", 8, 12
    line.add_data(Reference(sheet, min_col=1, max_col=4, min_row=8, max_row=8), from_rows=True, titles_from_data=True)
    line.set_categories(Reference(sheet, min_col=2, max_col=4, min_row=3))
    line.series[0].smooth, line.legend = False, None
    sheet.add_chart(line, "F14")
    sheet["A12"] = "Change the scenario rows at the foot of 'Assumptions' and read the effect here."
    sheet["A12"].alignment = Alignment(wrap_text=False)
    widths(sheet, 36, 14, 14, 14)


def notes(book):
    sheet = book.create_sheet("Notes")
    for row, text in enumerate([
        "How to read this workbook",
        "1. Visits drive income and the two variable costs. All other costs are fixed within the year.",
        "2. The second room opens in the spring of 2026; its physician starts in April, its nurse in March.",
        "3. Equipment is paid in cash in the year it is bought. The clinic does not depreciate here.",
        "4. With visits 10 % lower in all years the clinic needs a bridge in 2026; see 'Cash at year end'.",
        "5. Without the grant in 2026, starting the second nurse in September closes a third of the gap.",
    ], 1):
        sheet.cell(row, 1, text)
    sheet["A1"].font = BOLD
    widths(sheet, 110)


def build(folder):
    request, deliverable = folders(folder)
    (request / "budget-request.md").write_text(REQUEST)
    book = Workbook()
    assumptions(book)
    staff_total = staffing(book)
    income(book)
    summary(book, costs(book, staff_total))
    notes(book)
    for sheet in book:
        sheet.page_setup.orientation, sheet.page_setup.fitToHeight = "landscape", 0
        sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    book.properties.creator = book.properties.lastModifiedBy = "Lena Fischer"
    book.properties.title = "Eastgate clinic, operating budget 2025 to 2027"
    path = deliverable / "Eastgate budget model.xlsx"
    book.save(path)
    freeze(path, WHEN)
