#!/usr/bin/env python3
"""Makes the PDF files of this folder with reportlab, pikepdf, Pillow, qpdf and LibreOffice.

Usage: make.py (needs reportlab 5, pikepdf 10, Pillow 13; soffice and qpdf on the path). What the
tests look for is named in `tests/pdf.rs`. The address eva.kraus@globodyne.example stands for what must not leave.
"""

import io
import os
import subprocess
import sys
import tempfile

import pikepdf
from PIL import Image
from pikepdf import Array, Dictionary, Name, String
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.pdfgen import canvas
from reportlab.platypus import Paragraph, SimpleDocTemplate, Table, TableStyle

HERE = os.path.dirname(os.path.abspath(__file__))
SECRET = "eva.kraus@globodyne.example"


def path(name):
    return os.path.join(HERE, name)


def page(name, draw, **options):
    """One page drawn with reportlab."""
    sheet = canvas.Canvas(path(name), pagesize=A4, invariant=1, **options)
    sheet.setFont("Helvetica", 12)
    draw(sheet)
    sheet.showPage()
    sheet.save()


def edit(name, source, change, **options):
    """A changed copy of another file."""
    with pikepdf.open(path(source)) as pdf:
        change(pdf)
        pdf.save(path(name), static_id=True, **options)


def line(sheet, y=700, text=None):
    sheet.drawString(72, y, text or f"Write to {SECRET} today.")


# --- ordinary files ----------------------------------------------------------------------------


def table():
    style = getSampleStyleSheet()["Normal"]
    rows = [["Item", "Amount"]] + [[f"Row {n}", f"{n * 10}"] for n in range(1, 40)]
    grid = Table(rows)
    grid.setStyle(
        TableStyle(
            [
                ("ROWBACKGROUNDS", (0, 0), (-1, -1), [colors.lightblue, colors.white]),
                ("BACKGROUND", (0, 0), (-1, 0), colors.black),
                ("TEXTCOLOR", (0, 0), (-1, 0), colors.white),
                ("GRID", (0, 0), (-1, -1), 0.5, colors.grey),
            ]
        )
    )
    body = [Paragraph("A list of <b>ordinary</b> things", style), grid]
    SimpleDocTemplate(path("table.pdf"), pagesize=A4, invariant=1).build(body)


def office():
    html = (
        "<html><body><h1>Report on water</h1><p>The level rose by two metres in spring and fell "
        "in summer.</p><table border=1 bgcolor='#ffee99'><tr><td bgcolor='#003366'>"
        "<font color='#ffffff'>Month</font></td><td>Level</td></tr><tr><td>May</td><td>2.1"
        "</td></tr></table><ul><li>one</li><li>two</li></ul></body></html>"
    )
    with tempfile.TemporaryDirectory() as folder:
        source = os.path.join(folder, "office.html")
        with open(source, "w", encoding="utf-8") as file:
            file.write(html)
        odt = ["soffice", f"-env:UserInstallation=file://{folder}/profile", "--headless"]
        subprocess.run(
            odt + ["--convert-to", "pdf:writer_web_pdf_Export", "--outdir", folder, source],
            check=True, stdout=subprocess.DEVNULL,
        )
        with pikepdf.open(os.path.join(folder, "office.pdf")) as pdf:
            pdf.save(path("office.pdf"), static_id=True)


def plain(sheet):
    line(sheet)
    sheet.drawString(72, 680, "Nothing else stands here.")


# --- hidden text -------------------------------------------------------------------------------


def box(sheet):
    sheet.drawString(72, 720, "Before the secret:")
    line(sheet)
    sheet.setFillColorRGB(0, 0, 0)
    sheet.rect(120, 694, 170, 18, stroke=0, fill=1)
    sheet.drawString(72, 680, "After the secret.")


def polygon(sheet):
    line(sheet)
    shape = sheet.beginPath()
    shape.moveTo(60, 690)
    shape.lineTo(330, 685)
    shape.lineTo(335, 715)
    shape.lineTo(58, 718)
    shape.close()
    sheet.setFillColorRGB(0.5, 0.5, 0.5)
    sheet.drawPath(shape, stroke=0, fill=1)


def thick_line(sheet):
    line(sheet)
    sheet.setLineWidth(16)
    sheet.line(100, 704, 320, 704)


def picture(size=(40, 10), colour=(200, 10, 10)):
    data = io.BytesIO()
    Image.new("RGB", size, colour).save(data, "PNG")
    data.seek(0)
    from reportlab.lib.utils import ImageReader

    return ImageReader(data)


def image(sheet):
    line(sheet)
    sheet.drawImage(picture(), 100, 690, 260, 24)


def scan(sheet):
    text = sheet.beginText(72, 700)
    text.setTextRenderMode(3)
    text.textLine(f"Write to {SECRET} today.")
    text.textLine("A second line that the program read.")
    sheet.drawText(text)
    sheet.drawImage(picture((60, 80), (240, 240, 230)), 0, 0, *A4)


def invisible(sheet):
    text = sheet.beginText(72, 700)
    text.setTextRenderMode(3)
    text.textLine(f"Write to {SECRET} today.")
    sheet.drawText(text)


def white(sheet):
    sheet.setFillColorRGB(1, 1, 1)
    line(sheet)


def white_on_dark(sheet):
    sheet.setFillColorRGB(0, 0, 0.4)
    sheet.rect(60, 690, 300, 24, stroke=0, fill=1)
    sheet.setFillColorRGB(1, 1, 1)
    line(sheet)


def tiny(sheet):
    sheet.setFont("Helvetica", 0.8)
    line(sheet)


def outside(sheet):
    line(sheet, 900)


def clipped(sheet):
    sheet.saveState()
    clip = sheet.beginPath()
    clip.rect(60, 600, 300, 50)
    sheet.clipPath(clip, stroke=0)
    line(sheet)
    sheet.restoreState()


def under_text(sheet):
    line(sheet)
    sheet.drawString(72, 700, "Nothing to see in this line, move along")


def bold(sheet):
    sheet.drawString(72, 700, "Printed twice to look bold")
    sheet.drawString(72.3, 700, "Printed twice to look bold")


def marker(sheet):
    line(sheet)
    sheet.setFillColor(colors.yellow, alpha=0.4)
    sheet.rect(70, 690, 260, 22, stroke=0, fill=1)


# --- annotations, layers, forms and more -------------------------------------------------------


def annotate(subtype, **entries):
    def change(pdf):
        rect = entries.pop("Rect", Array([70, 690, 330, 715]))
        note = Dictionary(Type=Name.Annot, Subtype=Name("/" + subtype), Rect=rect, F=4, **entries)
        pdf.pages[0].Annots = pdf.make_indirect(Array([pdf.make_indirect(note)]))

    return change


def black_square(pdf):
    form = pdf.make_stream(b"0 g 0 0 260 25 re f")
    form.Type, form.Subtype = Name.XObject, Name.Form
    form.BBox = Array([0, 0, 260, 25])
    annotate("Square", AP=Dictionary(N=form), IC=Array([0, 0, 0]))(pdf)


def layer(pdf):
    group = pdf.make_indirect(Dictionary(Type=Name.OCG, Name=String("Internal")))
    pdf.Root.OCProperties = Dictionary(
        OCGs=Array([group]), D=Dictionary(OFF=Array([group]), Order=Array([group]))
    )
    first = pdf.pages[0]
    first.Resources.Properties = Dictionary(MC0=group)
    content = first.Contents.read_bytes()
    first.Contents = pdf.make_stream(b"/OC /MC0 BDC\n" + content + b"\nEMC")


def metadata(pdf):
    with pdf.open_metadata(set_pikepdf_as_editor=False) as data:
        data["dc:creator"] = ["Anna Berg"]
        data["dc:title"] = "Offer to Globodyne"
    pdf.docinfo["/Author"] = "Anna Berg"
    pdf.docinfo["/Title"] = "Offer to Globodyne"


def extras(pdf):
    root, first = pdf.Root, pdf.pages[0]
    pdf.attachments["notes.txt"] = f"Ask {SECRET}".encode()
    script = Dictionary(S=Name.JavaScript, JS=String(f"app.alert('{SECRET}')"))
    root.OpenAction = script
    first.PieceInfo = Dictionary(
        Maker=Dictionary(Private=Dictionary(Author=String(SECRET)), LastModified=String("D:2024"))
    )
    thumb = pdf.make_stream(bytes(range(48)))
    thumb.Width, thumb.Height, thumb.BitsPerComponent = 4, 4, 8
    thumb.ColorSpace = Name.DeviceRGB
    first.Thumb = thumb
    with pdf.open_outline() as outline:
        outline.root.append(pikepdf.OutlineItem(f"Chapter for {SECRET}", 0))
    first.Annots = Array(
        [pdf.make_indirect(Dictionary(
            Type=Name.Annot, Subtype=Name.Link, Rect=Array([0, 0, 9, 9]),
            A=Dictionary(S=Name.Launch, F=String("S:/clients/globodyne.xlsx"))))]
    )


def form(pdf):
    first = pdf.pages[0]
    fields = Array()
    for name, flags in (("seen", 4), ("unseen", 2)):
        look = pdf.make_stream(b"/Tx BMC BT /F1 12 Tf (shown) Tj ET EMC")
        look.Type, look.Subtype, look.BBox = Name.XObject, Name.Form, Array([0, 0, 100, 20])
        look.Resources = first.Resources
        fields.append(pdf.make_indirect(Dictionary(
            Type=Name.Annot, Subtype=Name.Widget, FT=Name.Tx, T=String(name), F=flags,
            V=String(f"{name}.{SECRET}"), Rect=Array([72, 500, 172, 520]), AP=Dictionary(N=look))))
    first.Annots = fields
    xfa = pdf.make_stream(f"<xdp><data><mail>xfa.{SECRET}</mail></data></xdp>".encode())
    pdf.Root.AcroForm = Dictionary(Fields=fields, XFA=xfa)


def revisions():
    """Writes an update that replaces the page's content, as editors do."""
    with open(path("plain.pdf"), "rb") as file:
        old = file.read()
    with pikepdf.open(io.BytesIO(old)) as pdf:
        number = pdf.pages[0].Contents.objgen[0]
        root = pdf.Root.objgen[0]
        size = int(pdf.trailer.Size)
    start = int(old.rsplit(b"startxref", 1)[1].split()[0])
    content = b"BT /F1 12 Tf 72 700 Td (The address was removed.) Tj ET"
    out = bytearray(old if old.endswith(b"\n") else old + b"\n")
    place = len(out)
    out += b"%d 0 obj\n<< /Length %d >>\nstream\n%s\nendstream\nendobj\n" % (number, len(content), content)
    table = len(out)
    out += b"xref\n%d 1\n%010d 00000 n \ntrailer\n" % (number, place)
    out += b"<< /Size %d /Root %d 0 R /Prev %d >>\nstartxref\n%d\n%%%%EOF\n" % (size, root, start, table)
    with open(path("revision.pdf"), "wb") as file:
        file.write(out)



def orphans():
    with open(path("plain.pdf"), "rb") as file:
        old = file.read()
    with pikepdf.open(io.BytesIO(old)) as pdf:
        root, size = pdf.Root.objgen[0], int(pdf.trailer.Size)
    start = int(old.rsplit(b"startxref", 1)[1].split()[0])
    out = bytearray(old if old.endswith(b"\n") else old + b"\n")
    place = len(out)
    out += b"%d 0 obj\n<< /Note (lost.%s) >>\nendobj\n" % (size, SECRET.encode())
    table = len(out)
    out += b"xref\n%d 1\n%010d 00000 n \ntrailer\n" % (size, place)
    out += b"<< /Size %d /Root %d 0 R /Prev %d >>\nstartxref\n%d\n%%%%EOF\n" % (size + 1, root, start, table)
    with open(path("orphan.pdf"), "wb") as file:
        file.write(out)


def outside_bytes():
    with open(path("blank.pdf"), "rb") as file:
        old = file.read()
    with open(path("outside-bytes.pdf"), "wb") as file:
        file.write(f"before.{SECRET}\n".encode() + old + f"\nafter.{SECRET}\n".encode())


def passwords():
    """Encrypted, so these two differ each time they are made."""
    for name, user in (("empty-password.pdf", ""), ("password.pdf", "secret")):
        with pikepdf.open(path("plain.pdf")) as pdf:
            pdf.save(path(name), encryption=pikepdf.Encryption(owner="owner", user=user, R=6))


def cycles():
    """A form that shows itself, and a page tree that holds itself."""
    def form_cycle(pdf):
        loop = pdf.make_stream(b"/Fm0 Do")
        loop.Type, loop.Subtype, loop.BBox = Name.XObject, Name.Form, Array([0, 0, 9, 9])
        loop.Resources = Dictionary(XObject=Dictionary(Fm0=loop))
        pdf.pages[0].Resources.XObject = Dictionary(Fm0=loop)
        pdf.pages[0].Contents = pdf.make_stream(b"/Fm0 Do\n" + pdf.pages[0].Contents.read_bytes())

    edit("form-cycle.pdf", "plain.pdf", form_cycle)
    with open(path("plain.pdf"), "rb") as file:
        text = file.read()
    with pikepdf.open(path("plain.pdf")) as pdf:
        tree, leaf = pdf.Root.Pages.objgen[0], pdf.pages[0].objgen[0]
    # The same length, so that all offsets stay right.
    kids = b"/Kids [ %d 0 R ]" % leaf
    assert kids in text
    text = text.replace(kids, b"/Kids [ %d 0 R ]" % tree)
    with open(path("page-cycle.pdf"), "wb") as file:
        file.write(text)


def main():
    page("plain.pdf", plain)
    page("blank.pdf", lambda sheet: sheet.drawString(72, 700, "Nothing."))
    table()
    office()
    draws = [box, polygon, thick_line, image, scan, invisible, white, white_on_dark, tiny, outside,
             clipped, under_text, bold, marker]
    for draw in draws:
        page(draw.__name__.replace("_", "-") + ".pdf", draw)
    page("table-stream.pdf", box, pageCompression=1)
    edit("object-streams.pdf", "box.pdf", lambda pdf: None,
         object_stream_mode=pikepdf.ObjectStreamMode.generate)
    edit("redact.pdf", "plain.pdf", annotate("Redact"))
    edit("comment.pdf", "blank.pdf", annotate(
        "Text", Contents=String(f"Ask {SECRET}"), T=String("Anna Berg")))
    edit("black-square.pdf", "plain.pdf", black_square)
    edit("layer.pdf", "plain.pdf", layer)
    edit("metadata.pdf", "blank.pdf", metadata)
    edit("extras.pdf", "blank.pdf", extras)
    edit("form.pdf", "blank.pdf", form)
    revisions()
    orphans()
    outside_bytes()
    passwords()
    cycles()


if __name__ == "__main__":
    sys.exit(main())
