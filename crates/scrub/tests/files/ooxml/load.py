"""Loads each file with the library of its kind, and reads all of it."""

import sys

import docx
import openpyxl
import pptx

for path in sys.argv[1:]:
    kind = path.rsplit(".", 1)[1]
    if kind in ("docx", "docm"):
        document = docx.Document(path) if kind == "docx" else None
        if document:
            assert [paragraph.text for paragraph in document.paragraphs] is not None
            assert document.core_properties.author == ""
    elif kind == "xlsx":
        for sheet in openpyxl.load_workbook(path):
            assert sheet.sheet_state == "visible", path
            for row in sheet.iter_rows():
                for cell in row:
                    assert cell.comment is None, path
    else:
        for slide in pptx.Presentation(path).slides:
            assert not slide.has_notes_slide, path
            for shape in slide.shapes:
                assert shape.name is not None
