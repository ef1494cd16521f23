//! Messages of Outlook ([MS-OXMSG]): properties in streams, recipients and attachments in storages.
//! Values that are no text and not known here are left to the search of other streams.

use super::Ole;
use super::le::code_page;
use super::msg_properties::{Bag, Names, PROPERTIES};
use super::msg_rtf::unpacked;
use crate::block::{Block, Place};
use crate::finding::Channel;
use crate::kind::Kind;
use crate::read::{eml, html};
use crate::report::Reason;
use crate::rules::Notice;
use crate::scan::{Scan, Site};

/// The storage of a message or document in an attachment.
const INNER: &str = "__substg1.0_3701000D";

/// Bytes before the first property of the outermost message, of an inner one, and of a recipient or
/// an attachment.
const HEADERS: [usize; 3] = [32, 24, 8];

/// Ids of properties.
const HTML: u16 = 0x1013;
const TRANSPORT_HEADERS: u16 = 0x007d;
const HTML_PAGE: u16 = 0x3fde;
const RECIPIENT_TYPE: u16 = 0x0c15;
const ATTACHMENT_METHOD: u16 = 0x3705;
const ATTACHMENT_HIDDEN: u16 = 0x7ffe;
const PATHS: [u16; 2] = [0x3708, 0x370d];

/// Reads the storage if it is a message.
pub(super) fn read(scan: &mut Scan<'_>, site: &Site, ole: &mut Ole<'_>, at: usize) {
    let is_inner = ole.file.entry(at).is_some_and(|entry| entry.name == INNER);
    let properties = ole.file.find(at, PROPERTIES);
    // An inner message was read with the one around it, unless that was too deep.
    if (at == 0 || is_inner) && properties.is_some_and(|stream| !ole.taken.contains(&stream)) {
        let names = Names::read(scan, site, ole, 0);
        message(scan, site, ole, at, (&names, 1252));
    }
}

fn message(
    scan: &mut Scan<'_>,
    site: &Site,
    ole: &mut Ole<'_>,
    at: usize,
    (names, page): (&Names, u32),
) {
    let header = if at == 0 { HEADERS[0] } else { HEADERS[1] };
    let bag = Bag::read(scan, site, ole, at, header, (names, page));
    let page = bag.page().unwrap_or(page);
    properties(scan, site, &bag);
    bodies(scan, site, ole, at, &bag);
    index(scan, site, ole, at);
    let storages = |ole: &Ole<'_>, begin: &str| -> Vec<usize> {
        let begins = |child: &usize| {
            ole.file.entry(*child).is_some_and(|entry| entry.name.starts_with(begin))
        };
        ole.file.children(at).iter().copied().filter(begins).collect()
    };
    let recipients = storages(ole, "__recip_version1.0_");
    let attachments = storages(ole, "__attach_version1.0_");
    let (recipients_promised, attachments_promised) = bag.promised();
    if recipients.len() < recipients_promised || attachments.len() < attachments_promised {
        scan.refuse(site, Some(&bag.part), Kind::Ole, Reason::Broken);
    }
    for at in recipients {
        recipient(scan, site, ole, at, (names, page));
    }
    for at in attachments {
        attachment(scan, site, ole, at, (names, page));
    }
}

/// Searches the texts of a message and notes those that tell what its reader does not see.
fn properties(scan: &mut Scan<'_>, site: &Site, bag: &Bag) {
    let mut block = Block::new(&bag.part);
    for property in &bag.texts {
        let text = property.text.trim();
        match property.id {
            TRANSPORT_HEADERS => eml::headers(scan, site, &bag.part, text),
            HTML => html::body(scan, site, &bag.part, text),
            _ => block.field(Place::of(property.channel), &property.name, text),
        }
        if property.is_telling && !text.is_empty() {
            let is_bcc = property.name == "bcc";
            let notice = if is_bcc { Notice::BlindCopy } else { Notice::MessageProperty };
            let mut location = block.locate(&site.path, Place::of(Channel::Metadata));
            location.field = Some(property.name.clone());
            scan.notice(notice, location, text, 1);
        }
    }
    scan.block(site, &block);
}

/// The body as HTML in bytes, and as packed RTF.
fn bodies(scan: &mut Scan<'_>, site: &Site, ole: &mut Ole<'_>, at: usize, bag: &Bag) {
    if let Some((part, content)) = ole.named(scan, site, at, "__substg1.0_10130102") {
        let page = bag.number(HTML_PAGE);
        let html = match page.filter(|_| std::str::from_utf8(&content).is_err()) {
            Some(page) => code_page(&content, page),
            None => crate::text::decode(&content).0.into_owned(),
        };
        html::body(scan, site, &part, &html);
    }
    if let Some((part, content)) = ole.named(scan, site, at, "__substg1.0_10090102") {
        let Some((rtf, is_whole)) = unpacked(&content) else {
            super::search(scan, site, &part, &content, Channel::Visible);
            return scan.refuse(site, Some(&part), Kind::Rtf, Reason::Broken);
        };
        if !is_whole {
            scan.refuse(site, Some(&part), Kind::Rtf, Reason::Broken);
        }
        let spent = scan.budget.spend(rtf.len() as u64, content.len() as u64);
        match spent.and_then(|()| scan.budget.entry()) {
            Ok(()) => scan.file(&site.inner("body.rtf"), &rtf),
            Err(reason) => scan.refuse(site, Some(&part), Kind::Rtf, reason),
        }
    }
}

/// The index of a conversation tells when each message before this one was written ([MS-OXOMSG]
/// §2.2.1.3).
fn index(scan: &mut Scan<'_>, site: &Site, ole: &Ole<'_>, at: usize) {
    const HEAD_BYTES: usize = 22;
    const REPLY_BYTES: usize = 5;
    let Some(child) = ole.file.find(at, "__substg1.0_00710102") else { return };
    let Some(entry) = ole.file.entry(child) else { return };
    let replies = ole.file.content(entry).0.len().saturating_sub(HEAD_BYTES) / REPLY_BYTES;
    if replies > 0 {
        let part = ole.file.path(child);
        scan.notice_part(site, &part, Notice::ConversationIndex, "", replies as u64);
    }
}

fn recipient(
    scan: &mut Scan<'_>,
    site: &Site,
    ole: &mut Ole<'_>,
    at: usize,
    (names, page): (&Names, u32),
) {
    let bag = Bag::read(scan, site, ole, at, HEADERS[2], (names, page));
    // The upper bits say whether and how sending failed.
    let kind = match bag.number(RECIPIENT_TYPE).unwrap_or(1) & 0xf {
        0 => "originator",
        1 => "to",
        2 => "cc",
        _ => "bcc",
    };
    let is_seen = matches!(kind, "to" | "cc");
    let mut block = Block::new(&bag.part);
    for property in &bag.texts {
        let is_address = matches!(property.id, 0x3001 | 0x3003 | 0x39fe);
        let channel = if is_seen && is_address { Channel::Visible } else { Channel::Metadata };
        let name = if is_address { kind } else { &property.name };
        block.field(Place::of(channel), name, &property.text);
    }
    if kind == "bcc" {
        let shown = bag.text(0x39fe).or_else(|| bag.text(0x3003)).or_else(|| bag.text(0x3001));
        let mut location = block.locate(&site.path, Place::of(Channel::Metadata));
        location.field = Some(kind.to_owned());
        scan.notice(Notice::BlindCopy, location, shown.unwrap_or_default(), 1);
    }
    scan.block(site, &block);
}

fn attachment(
    scan: &mut Scan<'_>,
    site: &Site,
    ole: &mut Ole<'_>,
    at: usize,
    (names, page): (&Names, u32),
) {
    let bag = Bag::read(scan, site, ole, at, HEADERS[2], (names, page));
    let mut block = Block::new(&bag.part);
    for property in &bag.texts {
        block.field(Place::of(property.channel), &property.name, &property.text);
        if PATHS.contains(&property.id) && property.text.contains(['/', '\\']) {
            scan.notice_part(site, &bag.part, Notice::SourcePath, &property.text, 1);
        }
    }
    scan.block(site, &block);
    if bag.number(ATTACHMENT_HIDDEN).is_some_and(|value| value & 1 != 0) {
        scan.notice_part(site, &bag.part, Notice::Embedded, "", 1);
    }
    let name = [0x3707, 0x3704, 0x3001].into_iter().find_map(|id| bag.text(id));
    let inner = site.inner(name.unwrap_or(&bag.part));
    if let Some(child) = ole.file.find(at, INNER) {
        // Anything else in there is a document, and is read like every storage.
        if ole.file.find(child, PROPERTIES).is_some() {
            let limit = scan.budget.limits().depth_max;
            if inner.depth > limit {
                return scan.refuse(&inner, None, Kind::Ole, Reason::TooDeep);
            }
            scan.file_name(&inner);
            message(scan, &inner, ole, child, (names, page));
        }
        return;
    }
    match ole.named(scan, site, at, "__substg1.0_37010102") {
        Some((_, content)) => content_of(scan, &inner, &bag, &content),
        // One by reference stands elsewhere, which its path says.
        None if bag.number(ATTACHMENT_METHOD) == Some(1) => {
            scan.refuse(&inner, None, Kind::Unknown, Reason::Broken);
        }
        None => {}
    }
}

/// Reads an attached file.
fn content_of(scan: &mut Scan<'_>, inner: &Site, bag: &Bag, content: &[u8]) {
    let media_type = bag.text(0x370e).unwrap_or_default().to_ascii_lowercase();
    let subtype = media_type.split([';', ' ']).next().unwrap_or_default();
    match subtype {
        "application/pkcs7-mime"
        | "application/x-pkcs7-mime"
        | "application/pgp-encrypted"
        | "application/x-microsoft-rpmsg-message" => {
            scan.refuse(inner, None, Kind::Unknown, Reason::Encrypted);
        }
        // A signed message carries all of itself in one attachment.
        "multipart/signed" => {
            scan.file_name(inner);
            eml::read(scan, inner, content);
        }
        _ => scan.file(inner, content),
    }
}
