"""Prints what a reader of tagged PDF finds in a file, as JSON."""

import json
import sys

from pypdf import PdfReader
from pypdf.generic import ArrayObject, IndirectObject


def children(element):
    kids = element.get("/K", [])
    kids = kids if isinstance(kids, ArrayObject) else [kids]
    kids = [kid.get_object() if isinstance(kid, IndirectObject) else kid for kid in kids]
    return [kid for kid in kids if isinstance(kid, dict) and "/S" in kid]


def walk(element, parent, found):
    kind = element["/S"][1:]
    found.append(
        {
            "kind": kind,
            "parent": parent,
            "alt": element.get("/Alt"),
            "title": element.get("/T"),
        }
    )
    for child in children(element):
        walk(child, kind, found)


def titles(outline):
    return [titles(entry) if isinstance(entry, list) else entry["/Title"] for entry in outline]


reader = PdfReader(sys.argv[1])
root = reader.trailer["/Root"]
elements = []
for top in children(root["/StructTreeRoot"]):
    walk(top, None, elements)
metadata = root["/Metadata"].get_object().get_data().decode()
print(
    json.dumps(
        {
            "lang": root["/Lang"],
            "marked": bool(root["/MarkInfo"]["/Marked"]),
            "shows_title": bool(root["/ViewerPreferences"]["/DisplayDocTitle"]),
            "title": reader.metadata.title,
            "pages": len(reader.pages),
            "claims_ua": "pdfuaid" in metadata,
            "claims_a": "pdfaid" in metadata,
            "fonts_embedded": all(
                "/FontFile2" in descendant.get_object()["/FontDescriptor"]
                for page in reader.pages
                for font in page["/Resources"]["/Font"].values()
                for descendant in font["/DescendantFonts"]
            ),
            "outline": titles(reader.outline),
            "elements": elements,
        }
    )
)
