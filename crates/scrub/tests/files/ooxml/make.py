"""Makes the Office files of this folder with python-docx, openpyxl, XlsxWriter, python-pptx and
LibreOffice. What those cannot write is put into their files as Word, Excel and PowerPoint do.

Visible words begin with Visible, what must not leave is called after Globodyne."""

import copy
import io
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from datetime import datetime
from pathlib import Path

import docx
import openpyxl
import pptx
import xlsxwriter
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Pt
from PIL import Image
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Emu, Inches

HERE = Path(__file__).parent
SECRET = "Globodyne"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def picture():
    out = io.BytesIO()
    Image.new("RGB", (8, 8), (10, 120, 60)).save(out, "PNG")
    out.seek(0)
    return out


def patched(name, changes, added=()):
    """Changes parts of a file: name -> function from text to text, and adds (name, bytes)."""
    path = HERE / name
    with zipfile.ZipFile(path) as archive:
        entries = [(i.filename, archive.read(i)) for i in archive.infolist()]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry, content in entries:
            if entry in changes:
                changed = changes[entry](content.decode())
                assert changed != content.decode(), f"{name}: {entry} did not change"
                content = changed.encode()
            archive.writestr(entry, content)
        for entry, content in added:
            archive.writestr(entry, content)


def relation(id, kind, target, external=False):
    mode = ' TargetMode="External"' if external else ""
    kind = kind if kind.startswith("http") else f"{OFFICE}/{kind}"
    entry = f'<Relationship Id="{id}" Type="{kind}" Target="{target}"{mode}/>'
    return lambda text: text.replace("</Relationships>", entry + "</Relationships>")


def typed(part, kind):
    entry = f'<Override PartName="/{part}" ContentType="{kind}"/>'
    return lambda text: text.replace("</Types>", entry + "</Types>")


def both(*functions):
    def run(text):
        for function in functions:
            text = function(text)
        return text

    return run


# --- Word -----------------------------------------------------------------------------------------

def clean_properties(properties):
    for name in ["author", "comments", "last_modified_by", "title", "keywords", "subject"]:
        setattr(properties, name, "")


def plain_docx():
    document = docx.Document()
    clean_properties(document.core_properties)
    document.add_heading("VisibleHeading", 1)
    document.add_paragraph("VisibleText in a plain document.")
    table = document.add_table(rows=1, cols=2)
    table.cell(0, 0).text, table.cell(0, 1).text = "VisibleLeft", "VisibleRight"
    document.add_picture(picture())
    document.save(HERE / "plain.docx")


def tracked(kind, inner, id):
    return (
        f'<w:{kind} {nsdecls("w")} w:id="{id}" w:author="{SECRET} Author" '
        f'w:date="2024-05-01T10:00:00Z">{inner}</w:{kind}>'
    )


def tracked_docx():
    document = docx.Document()
    properties = document.core_properties
    properties.author, properties.title = f"{SECRET} Author", f"{SECRET} plan"
    properties.last_modified_by = f"{SECRET} Editor"
    first = document.add_paragraph("VisibleStart ")
    text = "<w:r><w:delText>GlobodyneDeleted</w:delText></w:r>"
    first._p.append(parse_xml(tracked("del", text, 1)))
    first._p.append(parse_xml(tracked("ins", "<w:r><w:t>VisibleInserted</w:t></w:r>", 2)))
    second = document.add_paragraph()
    moved = "<w:r><w:t>GlobodyneMoved</w:t></w:r>"
    second._p.append(parse_xml(tracked("moveFrom", moved, 3)))
    second._p.append(parse_xml(tracked("moveTo", "<w:r><w:t>VisibleMoved</w:t></w:r>", 4)))
    # A paragraph that is deleted with its mark.
    third = document.add_paragraph()
    third._p.append(parse_xml(tracked("del", text, 5)))
    mark = tracked("del", "", 6)
    third._p.insert(0, parse_xml(f'<w:pPr {nsdecls("w")}><w:rPr>{mark}</w:rPr></w:pPr>'))
    form = document.add_paragraph().add_run("VisibleForm")
    form.bold = True
    change = tracked("rPrChange", "<w:rPr/>", 7)
    form._r.get_or_add_rPr().append(parse_xml(change))
    table = document.add_table(rows=2, cols=1)
    table.cell(0, 0).text, table.cell(1, 0).text = "VisibleRow", "GlobodyneRow"
    row = parse_xml(f'<w:trPr {nsdecls("w")}>{tracked("del", "", 8)}</w:trPr>')
    table.rows[1]._tr.insert(0, row)
    document.save(HERE / "tracked.docx")


def hidden_docx():
    document = docx.Document()
    properties = document.core_properties
    properties.author, properties.keywords = f"{SECRET} Author", "GlobodyneWords"
    paragraph = document.add_paragraph("VisibleStart ")
    paragraph.add_run("GlobodyneHidden").font.hidden = True
    style = document.styles.add_style("Secret", 2)
    style.font.hidden = True
    child = document.styles.add_style("Child", 2)
    child.base_style = style
    paragraph.add_run("GlobodyneStyled", style="Child")
    run = paragraph.add_run(" VisibleEnd")
    document.add_comment(run, text="GlobodyneComment", author=f"{SECRET} Reviewer", initials="GR")
    document.sections[0].header.paragraphs[0].text = "VisibleHeader"
    # Settings, custom data, a template, a link to a share, a program, a thumbnail.
    settings = document.settings.element
    for xml in [
        '<w:attachedTemplate {} xmlns:r="%s" r:id="rId77"/>' % OFFICE,
        '<w:docVars {}><w:docVar w:name="client" w:val="GlobodyneVariable"/></w:docVars>',
        '<w:rsids {}><w:rsidRoot w:val="00AB12CD"/><w:rsid w:val="00AB12CD"/></w:rsids>',
    ]:
        element = parse_xml(xml.format(nsdecls("w")))
        # Their places in the order of the schema.
        before = {"attachedTemplate": "w:defaultTabStop", "docVars": "w:compat", "rsids": "w:compat"}
        tag = element.tag.split("}")[1]
        place = settings.find(qn(before[tag]))
        (place.addprevious if place is not None else settings.append)(element)
    for paragraph in document.paragraphs:
        paragraph._p.set(qn("w:rsidR"), "00AB12CD")
    link = parse_xml(
        f'<w:p {nsdecls("w")} xmlns:r="{OFFICE}"><w:hyperlink r:id="rId88"><w:r><w:t>VisibleLink'
        '</w:t></w:r></w:hyperlink></w:p>'
    )
    document.element.body.insert(1, link)
    document.save(HERE / "hidden.docm")
    template = both(
        relation("rId77", "attachedTemplate", "file:///C:/Users/globodyne/Letter.dotm", True)
    )
    base = '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"></Relationships>'
    patched(
        "hidden.docm",
        {
            "[Content_Types].xml": both(
                lambda text: text.replace(
                    "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml",
                    "application/vnd.ms-word.document.macroEnabled.main+xml",
                ),
                typed("word/vbaProject.bin", "application/vnd.ms-office.vbaProject"),
                typed("docProps/custom.xml", "application/vnd.openxmlformats-officedocument.custom-properties+xml"),
                typed("word/people.xml", "application/vnd.openxmlformats-officedocument.wordprocessingml.people+xml"),
            ),
            "word/_rels/document.xml.rels": both(
                relation("rId88", "hyperlink", "file://globodyne/share/plan.docx", True),
                relation("rId89", "http://schemas.microsoft.com/office/2006/relationships/vbaProject", "vbaProject.bin"),
                relation("rId90", "http://schemas.microsoft.com/office/2011/relationships/people", "people.xml"),
            ),
            "_rels/.rels": relation("rId99", "custom-properties", "docProps/custom.xml"),
        },
        [
            ("word/vbaProject.bin", bytes.fromhex("d0cf11e0a1b11ae1") + b"GlobodyneMacro"),
            ("word/_rels/settings.xml.rels", template(base)),
            (
                "word/people.xml",
                '<w15:people xmlns:w15="http://schemas.microsoft.com/office/word/2012/wordml">'
                f'<w15:person w15:author="{SECRET} Reviewer"/></w15:people>',
            ),
            (
                "docProps/custom.xml",
                '<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/custom-properties" '
                'xmlns:vt="http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes"><property '
                'fmtid="{D5CDD505-2E9C-101B-9397-08002B2CF9AE}" pid="2" name="Client"><vt:lpwstr>GlobodyneCustom'
                "</vt:lpwstr></property></Properties>",
            ),
        ],
    )


# --- Excel ----------------------------------------------------------------------------------------

def plain_xlsx():
    book = openpyxl.Workbook()
    book.properties.creator = ""
    sheet = book.active
    sheet.title = "VisibleSheet"
    sheet["A1"], sheet["B1"] = "VisibleName", 7
    sheet.column_dimensions["A"].width = 30
    sheet.column_dimensions.group("XA", "XFD", hidden=True)
    book.save(HERE / "plain.xlsx")


def hidden_xlsx():
    book = xlsxwriter.Workbook(HERE / "hidden.xlsx")
    book.set_properties({"author": f"{SECRET} Author", "company": SECRET, "created": datetime(2024, 1, 1)})
    book.set_custom_property("Client", SECRET)
    first = book.add_worksheet("VisiblePlan")
    secret = book.add_worksheet("GlobodyneData")
    deep = book.add_worksheet("GlobodyneDeep")
    last = book.add_worksheet("VisibleLast")
    secret.hide()
    deep.very_hidden()
    for row, (name, value) in enumerate([("GlobodyneOne", 41), ("GlobodyneTwo", 42)]):
        secret.write(row, 0, name)
        secret.write(row, 1, value)
    secret.write("D1", "VisibleSeries")
    deep.write("A1", "GlobodyneDepth")
    first.write("A1", "VisibleName")
    first.write("B1", "VisibleValue")
    first.write("A2", "VisibleSum")
    first.write_formula("B2", "=SUM(GlobodyneData!B1:B2)", None, 83)
    first.write_formula("C2", "=GlobodyneData!A1", None, "VisibleCopy")
    first.write("A3", "GlobodyneRow")
    first.write("A4", "VisibleAfter")
    first.write("E1", "GlobodyneColumn")
    first.write_formula("B4", "=LEN(A3)", None, 12)
    first.write_formula("B5", "=B4+1", None, 13)
    first.write_formula("B6", "=globodyne_rate*2", None, 8)
    first.write_formula("B7", "=visible_rate*2", None, 26)
    first.set_column("A:C", 20)
    last.set_column("A:B", 20)
    first.set_row(2, None, None, {"hidden": True})
    first.set_column("E:E", None, None, {"hidden": True})
    first.write_comment("A1", "GlobodyneComment", {"author": f"{SECRET} Reviewer"})
    first.write_url("A9", "external:\\\\globodyne\\share\\plan.xlsx", string="VisibleLink")
    first.write_url("A10", "internal:GlobodyneData!A1", string="VisibleJump")
    first.data_validation("A12", {"validate": "list", "source": "=GlobodyneData!$A$1:$A$2"})
    first.data_validation("A13", {"validate": "list", "source": ["VisibleYes", "VisibleNo"]})
    first.conditional_format("A14", {"type": "formula", "criteria": "=GlobodyneData!$B$1>1"})
    first.insert_image("G12", "dot.png", {"image_data": picture()})
    book.define_name("globodyne_rate", "=GlobodyneData!$B$1")
    book.define_name("visible_rate", "=VisiblePlan!$B$5")
    book.define_name("VisibleLast!area", "=VisibleLast!$A$1")
    chart = book.add_chart({"type": "column"})
    chart.add_series({
        "name": "=GlobodyneData!$D$1",
        "categories": ["GlobodyneData", 0, 0, 1, 0],
        "values": ["GlobodyneData", 0, 1, 1, 1],
        "categories_data": ["VisibleFirst", "VisibleSecond"],
        "values_data": [41, 42],
    })
    last.insert_chart("C3", chart)
    last.write("A1", "VisibleEnd")
    last.add_table("A20:B22", {"columns": [{"header": "VisibleKey"}, {"header": "VisibleNumber"}]})
    last.set_landscape()
    book.close()
    patched(
        "hidden.xlsx",
        {
            "xl/workbook.xml": lambda text: text.replace(
                "<workbookPr",
                '<fileSharing userName="Globodyne User"/><workbookPr',
            ),
            "xl/worksheets/sheet1.xml": lambda text: re.sub(
                "</sheetData>",
                '</sheetData><scenarios><scenario name="GlobodyneScenario" count="1" user="Globodyne User">'
                '<inputCells r="B5" val="3"/></scenario></scenarios>',
                text,
            ),
        },
    )


def linked_xlsx():
    """A book with a link to another one, a query, a pivot table, printer settings, persons."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "VisibleSheet"
    sheet["A1"] = "VisibleTop"
    sheet["A2"] = "VisibleCached"
    sheet.column_dimensions["A"].width = 30
    book.save(HERE / "linked.xlsx")
    settings = "Globodyne Printer".encode("utf-16-le").ljust(220, b"\0")
    empty = '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{}</Relationships>'
    spreadsheet = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    formula = '<c r="B2"><f>[1]Data!A1*2</f><v>34</v></c></row>'
    rels = empty.format(
        f'<Relationship Id="rId1" Type="{OFFICE}/printerSettings" Target="../printerSettings/printerSettings1.bin"/>'
        f'<Relationship Id="rId2" Type="{OFFICE}/pivotTable" Target="../pivotTables/pivotTable1.xml"/>'
    )
    cache = (
        f'<pivotCacheDefinition {main} xmlns:r="{OFFICE}" r:id="rId1" refreshedBy="Globodyne User">'
        '<cacheSource type="worksheet"><worksheetSource ref="A1:A2" sheet="GlobodyneSource"/></cacheSource>'
        '<cacheFields count="1"><cacheField name="Key" numFmtId="0"><sharedItems count="1"><s v="GlobodyneItem"/>'
        "</sharedItems></cacheField></cacheFields></pivotCacheDefinition>"
    )
    pivot = (
        f'<pivotTableDefinition {main} name="GlobodynePivot" cacheId="1" dataCaption="Values">'
        '<location ref="D1:D3" firstHeaderRow="1" firstDataRow="1" firstDataCol="1"/><pivotFields count="1">'
        '<pivotField axis="axisRow"><items count="1"><item x="0"/></items></pivotField></pivotFields>'
        '<rowFields count="1"><field x="0"/></rowFields></pivotTableDefinition>'
    )
    patched(
        "linked.xlsx",
        {
            "[Content_Types].xml": both(
                typed("xl/externalLinks/externalLink1.xml", f"{spreadsheet}.externalLink+xml"),
                typed("xl/connections.xml", f"{spreadsheet}.connections+xml"),
                typed("xl/pivotTables/pivotTable1.xml", f"{spreadsheet}.pivotTable+xml"),
                typed("xl/pivotCache/pivotCacheDefinition1.xml", f"{spreadsheet}.pivotCacheDefinition+xml"),
                typed("xl/pivotCache/pivotCacheRecords1.xml", f"{spreadsheet}.pivotCacheRecords+xml"),
                typed("xl/printerSettings/printerSettings1.bin", f"{spreadsheet}.printerSettings"),
                typed("xl/persons/person.xml", "application/vnd.ms-excel.person+xml"),
            ),
            "xl/_rels/workbook.xml.rels": both(
                relation("rId71", "externalLink", "externalLinks/externalLink1.xml"),
                relation("rId72", "connections", "connections.xml"),
                relation("rId73", "pivotCacheDefinition", "pivotCache/pivotCacheDefinition1.xml"),
                relation("rId74", "http://schemas.microsoft.com/office/2017/10/relationships/person", "persons/person.xml"),
            ),
            "xl/workbook.xml": both(
                lambda text: text.replace(
                    "</sheets>",
                    f'</sheets><externalReferences><externalReference xmlns:r="{OFFICE}" r:id="rId71"/></externalReferences>',
                ),
                lambda text: text.replace(
                    "</workbook>",
                    f'<pivotCaches><pivotCache cacheId="1" xmlns:r="{OFFICE}" r:id="rId73"/></pivotCaches></workbook>',
                ),
                lambda text: re.sub(
                    "<workbookPr[^>]*/>",
                    lambda found: found.group(0)
                    + '<mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006">'
                    '<mc:Choice Requires="x15"><x15ac:absPath url="C:\\Users\\globodyne\\Plans\\" '
                    'xmlns:x15ac="http://schemas.microsoft.com/office/spreadsheetml/2010/11/ac"/></mc:Choice>'
                    "</mc:AlternateContent>",
                    text,
                ),
            ),
            "xl/worksheets/sheet1.xml": both(
                lambda text: re.sub('(r="A2".*?</c>)</row>', lambda found: found.group(1) + formula, text, flags=re.S),
                lambda text: text.replace(
                    "</worksheet>",
                    f'<pageSetup orientation="landscape" xmlns:r="{OFFICE}" r:id="rId1"/></worksheet>',
                ),
            ),
        },
        [
            ("xl/worksheets/_rels/sheet1.xml.rels", rels),
            ("xl/printerSettings/printerSettings1.bin", settings),
            ("xl/pivotTables/pivotTable1.xml", pivot),
            (
                "xl/pivotTables/_rels/pivotTable1.xml.rels",
                empty.format(f'<Relationship Id="rId1" Type="{OFFICE}/pivotCacheDefinition" Target="../pivotCache/pivotCacheDefinition1.xml"/>'),
            ),
            ("xl/pivotCache/pivotCacheDefinition1.xml", cache),
            (
                "xl/pivotCache/_rels/pivotCacheDefinition1.xml.rels",
                empty.format(f'<Relationship Id="rId1" Type="{OFFICE}/pivotCacheRecords" Target="pivotCacheRecords1.xml"/>'),
            ),
            (
                "xl/pivotCache/pivotCacheRecords1.xml",
                f'<pivotCacheRecords {main} count="1"><r><s v="GlobodyneRecord"/></r></pivotCacheRecords>',
            ),
            (
                "xl/connections.xml",
                f'<connections {main}><connection id="1" name="GlobodyneBase" type="1" refreshedVersion="6"><dbPr '
                'connection="DSN=globodyne;Database=plans" command="select 1"/></connection></connections>',
            ),
            (
                "xl/externalLinks/externalLink1.xml",
                f'<externalLink {main} xmlns:r="{OFFICE}"><externalBook r:id="rId1"><sheetNames><sheetName val="Data"/>'
                '</sheetNames><sheetDataSet><sheetData sheetId="0"><row r="1"><cell r="A1"><v>17</v></cell></row>'
                "</sheetData></sheetDataSet></externalBook></externalLink>",
            ),
            (
                "xl/externalLinks/_rels/externalLink1.xml.rels",
                empty.format(f'<Relationship Id="rId1" Type="{OFFICE}/externalLinkPath" Target="file:///S:/Globodyne.xlsx" TargetMode="External"/>'),
            ),
            (
                "xl/persons/person.xml",
                '<personList xmlns="http://schemas.microsoft.com/office/spreadsheetml/2018/threadedcomments">'
                '<person displayName="Globodyne Person" id="{00000000-0000-0000-0000-000000000001}"/></personList>',
            ),
        ],
    )


# --- PowerPoint -----------------------------------------------------------------------------------

def box(slide, text, left=1, top=1):
    shape = slide.shapes.add_textbox(Inches(left), Inches(top), Inches(4), Inches(1))
    shape.text_frame.text = text
    return shape


def plain_pptx():
    deck = pptx.Presentation()
    clean_properties(deck.core_properties)
    deck.core_properties.author = ""
    slide = deck.slides.add_slide(deck.slide_layouts[5])
    slide.shapes.title.text = "VisibleTitle"
    box(slide, "VisibleBox", 1, 3)
    deck.save(HERE / "plain.pptx")


def hidden_pptx():
    deck = pptx.Presentation()
    deck.core_properties.author = f"{SECRET} Author"
    deck.core_properties.title = "GlobodyneTitle"
    blank = deck.slide_layouts[6]
    first = deck.slides.add_slide(blank)
    second = deck.slides.add_slide(blank)
    third = deck.slides.add_slide(blank)
    jump = box(first, "VisibleFirst")
    jump.click_action.target_slide = second
    first.notes_slide.notes_text_frame.text = "GlobodyneNotes"
    box(first, "GlobodyneOutside", 20, 1)
    box(first, "GlobodyneHiddenShape", 1, 4)._element.nvSpPr.cNvPr.set("hidden", "1")
    box(second, "GlobodyneSlide")
    second._element.set("show", "0")
    box(third, "VisibleThird")
    data = CategoryChartData()
    data.categories = ["VisibleNorth", "VisibleSouth"]
    data.add_series("VisibleSeries", (1.2, 2.3))
    third.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, Inches(1), Inches(2), Inches(5), Inches(3), data)
    book = io.BytesIO()
    inner = openpyxl.Workbook()
    inner.active["A1"] = "GlobodyneEmbedded"
    inner.save(book)
    book.seek(0)
    third.shapes.add_ole_object(book, "Excel.Sheet.12", Inches(6), Inches(5), Inches(1), Inches(1), icon_file=picture())
    deck.save(HERE / "hidden.pptx")


# --- LibreOffice ----------------------------------------------------------------------------------

def converted():
    """Files that LibreOffice writes, with changes, comments, notes and hidden sheets."""
    namespaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{path}:1.0"'
        for name, path in [
            ("office", "office"), ("text", "text"), ("table", "table"), ("draw", "drawing"),
            ("presentation", "presentation"), ("style", "style"), ("svg", "svg-compatible"),
            ("fo", "xsl-fo-compatible"),
        ]
    ) + ' xmlns:dc="http://purl.org/dc/elements/1.1/"'
    start = f'<?xml version="1.0" encoding="UTF-8"?><office:document {namespaces} office:version="1.3" office:mimetype="application/vnd.oasis.opendocument.'
    info = f"<office:change-info><dc:creator>{SECRET} Author</dc:creator><dc:date>2024-05-01T10:00:00</dc:date></office:change-info>"
    note = f'<office:annotation><dc:creator>{SECRET} Reviewer</dc:creator><dc:date>2024-05-01T10:00:00</dc:date><text:p>GlobodyneComment</text:p></office:annotation>'
    sources = {
        "office.fodt": f"""{start}text"><office:automatic-styles><style:style style:name="H" style:family="text">
            <style:text-properties text:display="none"/></style:style></office:automatic-styles><office:body><office:text>
            <text:tracked-changes><text:changed-region text:id="c1"><text:deletion>{info}<text:p>GlobodyneDeleted</text:p>
            </text:deletion></text:changed-region><text:changed-region text:id="c2"><text:insertion>{info}</text:insertion>
            </text:changed-region></text:tracked-changes><text:p>VisibleStart <text:change text:change-id="c1"/>
            <text:change-start text:change-id="c2"/>VisibleInserted<text:change-end text:change-id="c2"/> VisibleEnd{note}
            <text:span text:style-name="H">GlobodyneHidden</text:span></text:p></office:text></office:body></office:document>""",
        "office.fods": f"""{start}spreadsheet"><office:automatic-styles><style:style style:name="T" style:family="table">
            <style:table-properties table:display="false"/></style:style></office:automatic-styles><office:body>
            <office:spreadsheet><table:table table:name="VisibleSheet"><table:table-row>
            <table:table-cell office:value-type="string">{note}<text:p>VisibleCell</text:p></table:table-cell>
            <table:table-cell table:formula="of:=[GlobodyneSheet.A1]*2" office:value-type="float" office:value="14"><text:p>14</text:p></table:table-cell>
            </table:table-row><table:table-row table:visibility="collapse"><table:table-cell office:value-type="string"><text:p>GlobodyneRow</text:p>
            </table:table-cell></table:table-row></table:table><table:table table:name="GlobodyneSheet" table:style-name="T"><table:table-row>
            <table:table-cell office:value-type="float" office:value="7"><text:p>7</text:p></table:table-cell></table:table-row>
            </table:table></office:spreadsheet></office:body></office:document>""",
        "office.fodp": f"""{start}presentation"><office:automatic-styles><style:style style:name="D" style:family="drawing-page">
            <style:drawing-page-properties presentation:visibility="hidden"/></style:style></office:automatic-styles><office:body><office:presentation>
            <draw:page draw:name="one"><office:annotation svg:x="1cm" svg:y="1cm"><dc:creator>{SECRET} Reviewer</dc:creator>
            <dc:date>2024-05-01T10:00:00</dc:date><text:p>GlobodyneComment</text:p></office:annotation><draw:frame svg:width="10cm" svg:height="2cm" svg:x="2cm" svg:y="2cm">
            <draw:text-box><text:p>VisibleSlide</text:p></draw:text-box></draw:frame><presentation:notes><draw:frame presentation:class="notes" svg:width="10cm" svg:height="5cm" svg:x="2cm" svg:y="14cm"><draw:text-box>
            <text:p>GlobodyneNotes</text:p></draw:text-box></draw:frame></presentation:notes></draw:page><draw:page draw:name="two" draw:style-name="D">
            <draw:frame svg:width="10cm" svg:height="2cm" svg:x="2cm" svg:y="2cm"><draw:text-box><text:p>GlobodyneSlide</text:p></draw:text-box></draw:frame>
            </draw:page></office:presentation></office:body></office:document>""",
    }
    with tempfile.TemporaryDirectory() as folder:
        for name, text in sources.items():
            (Path(folder) / name).write_text(text)
        for name in sources:
            target = name.replace(".fod", ".").replace(".t", ".docx").replace(".s", ".xlsx").replace(".p", ".pptx")
            kind = target.rsplit(".", 1)[1]
            command = ["soffice", f"-env:UserInstallation=file://{folder}/profile", "--headless", "--convert-to", kind, "--outdir", folder, f"{folder}/{name}"]
            subprocess.run(command, check=True, timeout=120, stdout=subprocess.DEVNULL)
            shutil.copy(Path(folder) / target, HERE / target)


if __name__ == "__main__":
    for make in [plain_docx, tracked_docx, hidden_docx, plain_xlsx, hidden_xlsx, linked_xlsx, plain_pptx, hidden_pptx, converted]:
        if len(sys.argv) == 1 or make.__name__ in sys.argv:
            make()
