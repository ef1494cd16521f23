#!/usr/bin/env python3
"""Makes the messages of this folder, and reads them with a second library. Run it in this folder.

    pip install aspose-email-foss==26.3 compressed-rtf==1.0.7 extract-msg==0.57.0
"""

import uuid

import compressed_rtf
import extract_msg
from aspose.email_foss import msg
from aspose.email_foss.msg import MapiMessage, MapiNamedProperty, MsgWriter

TEXT, NUMBER, BYTES, FLAG = 0x1F, 0x03, 0x102, 0x0B
BCC, CC = 3, 2

HEADERS = """Received: from mx.globodyne.example (10.20.30.40) by relay.corp.com; Mon, 5 Jan 2026 09:00:00 +0000
X-Originating-IP: [203.0.113.77]
From: Vera Visible <vera@corp.com>
To: Tom Target <tom@corp.com>
Subject: Offer
X-Owner: hedda@corp.com

"""

HTML = """<html><head><meta charset="utf-8"></head><body><p>Shown to harry@corp.com</p>
<!-- draft of cleo@corp.com --></body></html>"""

RTF = rb"{\rtf1\ansi\ansicpg1252\pard Written to rolf@corp.com\par}"


def shorten(storage):
    """The writer begins inner messages with 32 bytes; the specification wants 24."""
    for inner in storage.storages:
        if inner.name == "__substg1.0_3701000D":
            for stream in inner.streams:
                if stream.name == "__properties_version1.0":
                    stream.data = stream.data[:24] + stream.data[32:]
        shorten(inner)


def full():
    inner = MapiMessage.create("Inner", "Inner text of ina@corp.com")
    inner.set_property(0x0C1A, TEXT, "Ina Inner")
    inner.add_recipient("igor@corp.com", display_name="Igor", recipient_type=BCC)
    inner.add_attachment("deep.txt", b"Deep text of dina@corp.com\n", mime_type="text/plain")

    message = MapiMessage.create("Offer of sue@corp.com", "Body of body@corp.com\r\n")
    message.body_html = HTML
    message.set_property(0x1009, BYTES, compressed_rtf.compress(RTF, compressed=True))
    message.set_property(0x0C1A, TEXT, "Vera Visible")
    message.set_property(0x0C1F, TEXT, "vera@corp.com")
    message.set_property(0x007D, TEXT, HEADERS.replace("\n", "\r\n"))
    message.set_property(0x3FFA, TEXT, "Lars Latest <lars@corp.com>")
    message.set_property(0x0E28, TEXT, "account of anna@corp.com")
    message.set_property(0x0071, BYTES, bytes(range(1, 23)) + b"\1\2\3\4\5" * 3)
    message.set_property(0x300B, BYTES, b"SMTP:NICK@CORP.COM\0")
    message.set_named_property(
        MapiNamedProperty.string("X-Client", uuid.UUID("00020386-0000-0000-c000-000000000046")),
        TEXT, "client nora@corp.com")
    message.add_recipient("tom@corp.com", display_name="Tom Target")
    message.add_recipient("carla@corp.com", display_name="Carla Copy", recipient_type=CC)
    message.add_recipient("bert@corp.com", display_name="Bert Blind", recipient_type=BCC)
    plain = message.add_attachment("note.txt", b"Attached by otto@corp.com\n", mime_type="text/plain")
    plain.set_property(0x3708, TEXT, r"C:\Users\paula\Globodyne\note.txt")
    hidden = message.add_attachment("logo.txt", b"Hidden by hilda@corp.com\n", mime_type="text/plain")
    hidden.set_property(0x7FFE, FLAG, True)
    message.add_attachment("smime.p7m", b"0\x82" + bytes(60), mime_type="application/pkcs7-mime")
    message.add_embedded_message_attachment(inner, filename="Inner.msg")
    document = message.to_msg_document()
    shorten(document.root)
    MsgWriter.write_file(document, "full.msg")


def plain():
    message = MapiMessage.create("Lunch", "The table is by the window.")
    message.add_recipient("tom@corp.com", display_name="Tom Target")
    message.save("plain.msg")


def older():
    """Texts in a code page, as older programs wrote them."""
    message = MapiMessage.create("Grüße", "Schöne Grüße an jörg, uwe@corp.com", unicode_strings=False)
    message.set_property(0x3FFD, NUMBER, 1252)
    message.add_recipient("tom@corp.com", display_name="Tom Target")
    message.save("older.msg")


def deep():
    message = MapiMessage.create("0", "text of low@corp.com")
    for level in range(1, 12):
        outer = MapiMessage.create(str(level), f"text of level {level}")
        outer.add_embedded_message_attachment(message, filename=f"{level}.msg")
        message = outer
    message.save("deep.msg")


full()
plain()
older()
deep()
with extract_msg.openMsg("full.msg") as message:
    assert message.subject == "Offer of sue@corp.com", message.subject
    assert message.body.startswith("Body of"), message.body
    assert b"cleo@corp.com" in message.htmlBody
    assert message.rtfBody == RTF, message.rtfBody
    assert "bert@corp.com" in str(message.bcc), message.bcc
    names = [attachment.getFilename() for attachment in message.attachments]
    assert {"note.txt", "logo.txt"} <= set(names), names
    inner = message.attachments[3].data
    assert inner.body.startswith("Inner text"), inner.body
for name, subject in [("plain.msg", "Lunch"), ("older.msg", "Grüße"), ("deep.msg", "11")]:
    with extract_msg.openMsg(name) as message:
        assert message.subject == subject, message.subject
