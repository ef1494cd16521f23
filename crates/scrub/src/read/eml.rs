//! Messages in the form of RFC 5322: headers, texts, and attachments as files of their own.

use mail_parser::{Message, MessageParser, MimeHeaders as _, PartType};

use crate::block::{Block, Place};
use crate::finding::Channel;
use crate::kind::Kind;
use crate::report::Reason;
use crate::rules::Notice;
use crate::scan::{Scan, Site};

/// Headers that a reader of the message sees; all others tell how it travelled.
const SEEN: [&str; 6] = ["from", "to", "cc", "subject", "date", "reply-to"];

/// Most messages inside each other that are followed without leaving the parser's tree.
const NESTED_MAX: u32 = 16;

pub(super) fn read(scan: &mut Scan<'_>, site: &Site, bytes: &[u8]) {
    let Some(message) = MessageParser::default().parse(bytes) else {
        return super::text::read(scan, site, Kind::Text, bytes);
    };
    scan.was_read(site, Kind::Eml, bytes, None);
    parts(scan, site, &message, 0);
}

fn parts(scan: &mut Scan<'_>, site: &Site, message: &Message<'_>, nested: u32) {
    for (at, part) in message.parts.iter().enumerate() {
        let mut block = Block::new(&format!("part {at}"));
        if at == 0 {
            header_fields(scan, site, &mut block, None, message);
        }
        if part.is_encoding_problem {
            // What the parser could make of it is searched below.
            scan.refuse(site, Some(&format!("part {at}")), Kind::Unknown, Reason::Broken);
        }
        let name = part.attachment_name().unwrap_or_default().to_owned();
        block.field(Place::of(Channel::FileName), "filename", &name);
        match &part.body {
            PartType::Text(text) => block.push(Place::of(Channel::Visible), text),
            PartType::Html(html) => super::html::body(scan, site, &format!("part {at}"), html),
            PartType::Binary(content) | PartType::InlineBinary(content) => {
                attachment(scan, site, part, &name, at, content);
            }
            PartType::Message(inner) if nested < NESTED_MAX => {
                parts(scan, &site.inner(&format!("message {at}")), inner, nested + 1);
            }
            PartType::Message(_) => {
                scan.refuse(
                    &site.inner(&format!("message {at}")),
                    None,
                    Kind::Eml,
                    Reason::TooDeep,
                );
            }
            PartType::Multipart(_) => {}
        }
        scan.block(site, &block);
    }
}

/// Searches headers that stand apart from their message, in a part of a file.
pub(super) fn headers(scan: &mut Scan<'_>, site: &Site, part: &str, text: &str) {
    let mut block = Block::new(part);
    match MessageParser::default().parse_headers(text.as_bytes()) {
        Some(message) => header_fields(scan, site, &mut block, Some(part), &message),
        None => block.field(Place::of(Channel::Metadata), "transport headers", text),
    }
    scan.block(site, &block);
}

/// Adds the headers of a message and notes those that tell something.
fn header_fields(
    scan: &mut Scan<'_>,
    site: &Site,
    block: &mut Block,
    part: Option<&str>,
    message: &Message<'_>,
) {
    for (name, value) in message.headers_raw() {
        let is_seen = SEEN.contains(&name.to_ascii_lowercase().as_str());
        let channel = if is_seen { Channel::Visible } else { Channel::Metadata };
        block.field(Place::of(channel), name, &decoded(message, name, value));
        if !is_seen && is_telling(name) {
            let mut location = scan.at(site, Notice::MessageHeader);
            location.part = part.map(str::to_owned);
            location.field = Some(name.to_owned());
            scan.notice(Notice::MessageHeader, location, value.trim(), 1);
        }
    }
}

fn attachment(
    scan: &mut Scan<'_>,
    site: &Site,
    part: &mail_parser::MessagePart<'_>,
    name: &str,
    at: usize,
    content: &[u8],
) {
    let inner = if name.is_empty() { site.inner(&format!("part {at}")) } else { site.inner(name) };
    let subtype = part.content_type().and_then(|kind| kind.subtype()).unwrap_or_default();
    let is_sealed = matches!(subtype, "pkcs7-mime" | "x-pkcs7-mime" | "pgp-encrypted");
    if is_sealed {
        return scan.refuse(&inner, None, Kind::Unknown, Reason::Encrypted);
    }
    match scan.budget.entry() {
        Ok(()) => scan.file(&inner, content),
        Err(reason) => scan.refuse(&inner, None, Kind::Unknown, reason),
    }
}

/// A header as text, encoded words resolved where the parser did.
fn decoded(message: &Message<'_>, name: &str, raw: &str) -> String {
    let subject = name.eq_ignore_ascii_case("subject").then(|| message.subject()).flatten();
    subject.map_or_else(|| raw.trim().to_owned(), str::to_owned)
}

/// Whether a header names machines, programs or further recipients.
fn is_telling(name: &str) -> bool {
    const TELLING: [&str; 9] = [
        "received",
        "bcc",
        "user-agent",
        "x-mailer",
        "return-path",
        "delivered-to",
        "sender",
        "in-reply-to",
        "references",
    ];
    let name = name.to_ascii_lowercase();
    TELLING.contains(&name.as_str())
        || name.starts_with("x-originating")
        || name.starts_with("x-ms-")
}
