#!/usr/bin/env python3
"""Makes the files of this folder with LibreOffice from documents written here. Run it in this folder."""

import gzip
import pathlib
import subprocess
import tempfile

NAMES = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for prefix, name in [
        ("office", "office"), ("style", "style"), ("text", "text"), ("table", "table"),
        ("draw", "drawing"), ("meta", "meta"), ("presentation", "presentation"),
        ("config", "config"), ("script", "script"),
        ("fo", "xsl-fo-compatible"), ("svg", "svg-compatible"),
    ]
) + ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:of="urn:oasis:names:tc:opendocument:xmlns:of:1.2" xmlns:xlink="http://www.w3.org/1999/xlink"'

META = """<office:meta><dc:title>Plan of Globodyne</dc:title><meta:initial-creator>Anna Berg
</meta:initial-creator><dc:creator>Carl Dorn</dc:creator><meta:user-defined meta:name="Client"
>Globodyne</meta:user-defined></office:meta>"""


def flat(kind, styles, body, meta=META):
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<office:document {NAMES} office:version="1.3"
 office:mimetype="application/vnd.oasis.opendocument.{kind}">{meta}{styles}
<office:body>{body}</office:body></office:document>"""


def annotation(who, text):
    return (f'<office:annotation><dc:creator>{who}</dc:creator><dc:date>2026-01-02T03:04:05</dc:date>'
            f'<text:p>{text}</text:p></office:annotation>')


def change(ident, kind, who, inner=""):
    return (f'<text:changed-region text:id="{ident}"><text:{kind}><office:change-info><dc:creator>'
            f'{who}</dc:creator><dc:date>2026-01-02T03:04:05</dc:date></office:change-info>{inner}'
            f'</text:{kind}></text:changed-region>')


TEXT_STYLES = """<office:automatic-styles>
<style:style style:name="H" style:family="text"><style:text-properties text:display="none"/></style:style>
<style:style style:name="W" style:family="text"><style:text-properties fo:color="#ffffff"/></style:style>
<style:style style:name="T" style:family="text"><style:text-properties fo:font-size="1pt"/></style:style>
<style:page-layout style:name="P"><style:header-style/><style:footer-style/></style:page-layout>
</office:automatic-styles><office:master-styles><style:master-page style:name="Standard"
 style:page-layout-name="P"><style:header><text:p>Header of hugo@corp.com</text:p></style:header>
</style:master-page></office:master-styles>"""

TEXT = f"""<office:text><text:tracked-changes>
{change("c1", "deletion", "Dora Deleter", "<text:p>deleted dora@corp.com here</text:p>")}
{change("c2", "insertion", "Ingo Inserter")}</text:tracked-changes>
<text:p>Visible vera@corp.com text<text:change text:change-id="c1"/>.</text:p>
<text:p>Before <text:change-start text:change-id="c2"/>inserted ingo@corp.com<text:change-end
 text:change-id="c2"/> after.</text:p>
<text:p>Seen <text:span text:style-name="H">hidden hilda@corp.com</text:span> and
 <text:span text:style-name="W">white walt@corp.com</text:span> and
 <text:span text:style-name="T">tiny tina@corp.com</text:span> end.</text:p>
<text:p>Said{annotation("Conny Commenter", "comment of conny@corp.com")} so.
<text:note text:note-class="footnote"><text:note-citation>1</text:note-citation><text:note-body>
<text:p>Footnote of fred@corp.com</text:p></text:note-body></text:note></text:p>
<text:p><text:a xlink:href="file:///srv/share/secret.odt">a link</text:a></text:p>
</office:text>"""

SHEET_STYLES = """<office:automatic-styles>
<style:style style:name="HT" style:family="table"><style:table-properties table:display="false"/></style:style>
<style:style style:name="VT" style:family="table"><style:table-properties table:display="true"/></style:style>
</office:automatic-styles>"""


def cell(text):
    return f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>'


SHEETS = f"""<office:spreadsheet>
<table:table table:name="Front" table:style-name="VT"><table:table-column/>
<table:table-column table:visibility="collapse"/><table:table-column/>
<table:table-row>{cell("vera@corp.com")}{cell("column carl@corp.com")}<table:table-cell
 office:value-type="string">{annotation("Conny Commenter", "comment of conny@corp.com")}
<text:p>noted</text:p></table:table-cell></table:table-row>
<table:table-row table:visibility="collapse">{cell("row rita@corp.com")}</table:table-row>
<table:table-row><table:table-cell office:value-type="float" office:value="4111111111111111"><text:p>
4111111111111111</text:p></table:table-cell><table:table-cell
 table:formula="of:=&quot;formula &quot;&amp;&quot;fay@corp.com&quot;" office:value-type="string"
 office:string-value="formula fay@corp.com"><text:p>formula fay@corp.com</text:p></table:table-cell>
</table:table-row></table:table>
<table:table table:name="Back" table:style-name="HT"><table:table-column/><table:table-row>
{cell("sheet sven@corp.com")}</table:table-row></table:table>
<table:named-expressions><table:named-range table:name="Globodyne_margin"
 table:base-cell-address="$Front.$A$1" table:cell-range-address="$Front.$A$1"/></table:named-expressions>
</office:spreadsheet>"""

SLIDE_STYLES = """<office:styles/><office:automatic-styles>
<style:page-layout style:name="L"><style:page-layout-properties fo:page-width="28cm" fo:page-height="21cm"/>
</style:page-layout><style:style style:name="HP" style:family="drawing-page">
<style:drawing-page-properties presentation:visibility="hidden"/></style:style></office:automatic-styles>
<office:master-styles><style:master-page style:name="M" style:page-layout-name="L"/></office:master-styles>"""


def box(x, text):
    return (f'<draw:frame svg:x="{x}cm" svg:y="3cm" svg:width="9cm" svg:height="3cm"><draw:text-box>'
            f'<text:p>{text}</text:p></draw:text-box></draw:frame>')


SLIDES = f"""<office:presentation><draw:page draw:name="one" draw:master-page-name="M">
{box(2, "Visible vera@corp.com")}{box(60, "Outside oscar@corp.com")}
{annotation("Conny Commenter", "comment of conny@corp.com")}
<presentation:notes><draw:page-thumbnail svg:width="9cm" svg:height="6cm"/>
<draw:frame presentation:class="notes" svg:x="2cm" svg:y="12cm" svg:width="15cm" svg:height="9cm">
<draw:text-box><text:p>Notes of nora@corp.com</text:p></draw:text-box></draw:frame></presentation:notes>
</draw:page><draw:page draw:name="two" draw:style-name="HP" draw:master-page-name="M">
{box(2, "Hidden hilda@corp.com")}</draw:page></office:presentation>"""

PLAIN = '<office:text><text:p>Nothing to see here.</text:p></office:text>'
PLAIN_SHEET = ('<office:spreadsheet><table:table table:name="Sums"><table:table-column/><table:table-row>'
               f'{cell("Nothing to see")}</table:table-row></table:table></office:spreadsheet>')
PLAIN_SLIDE = (f'<office:presentation><draw:page draw:name="one" draw:master-page-name="M">'
               f'{box(2, "Nothing to see")}</draw:page></office:presentation>')

SOURCES = [
    ("text", flat("text", TEXT_STYLES, TEXT), "fodt", ["odt", "doc", "rtf"]),
    ("sheet", flat("spreadsheet", SHEET_STYLES, SHEETS), "fods", ["ods", "xls"]),
    ("slides", flat("presentation", SLIDE_STYLES, SLIDES), "fodp", ["odp", "ppt"]),
    ("plain", flat("text", "", PLAIN, ""), "fodt", ["odt", "doc", "rtf"]),
    ("plain", flat("spreadsheet", "", PLAIN_SHEET, ""), "fods", ["ods", "xls"]),
    ("plain", flat("presentation", SLIDE_STYLES, PLAIN_SLIDE, ""), "fodp", ["odp", "ppt"]),
]


def main():
    here = pathlib.Path(__file__).parent
    with tempfile.TemporaryDirectory() as scratch:
        for name, content, ending, targets in SOURCES:
            source = pathlib.Path(scratch) / f"{name}.{ending}"
            source.write_text(content)
            if name != "plain":
                (here / source.name).write_text(content)
            for target in targets:
                subprocess.run(
                    ["soffice", f"-env:UserInstallation=file://{scratch}/profile", "--headless",
                     "--convert-to", target, "--outdir", str(here), str(source)],
                    check=True, timeout=120, stdout=subprocess.DEVNULL)
                made = here / f"{name}.{target}"
                if target == "ppt":
                    # Its preview picture is large and compresses well.
                    packed = gzip.compress(made.read_bytes(), 9, mtime=0)
                    (here / f"{name}.ppt.gz").write_bytes(packed)
                    made.unlink()

    pack(here)


def pack(here):
    note = here / "note.txt"
    note.write_text("Write to vera@corp.com about it.\n")
    for command in [["bzip2", "-kf"], ["xz", "-kf"], ["zstd", "-qf"], ["7z", "a", "note.7z"],
                    ["7z", "a", "-psecret", "sealed.7z"],
                    ["7z", "a", "-psecret", "-mhe=on", "sealed-names.7z"]]:
        subprocess.run([*command, note.name], check=True, cwd=here, stdout=subprocess.DEVNULL)
    note.unlink()


main()
