//! Properties of a message, a recipient or an attachment ([MS-OXMSG] §2.4, [MS-OXPROPS]).

use std::collections::{BTreeMap, BTreeSet};

use super::Ole;
use super::le::{code_page, part as range, size_at, u16_at, u32_at, utf16};
use crate::block::{Block, Place};
use crate::finding::Channel;
use crate::kind::Kind;
use crate::report::Reason;
use crate::scan::{Scan, Site};

/// The stream of properties with a fixed length, and of what is said about the others.
pub(super) const PROPERTIES: &str = "__properties_version1.0";

/// What the name of a stream with the value of a property begins with.
const VALUE: &str = "__substg1.0_";

/// The storage that names properties beyond the standard.
const NAMED: &str = "__nameid_version1.0";

/// Bytes of an entry in the stream of properties.
const ENTRY_BYTES: usize = 16;

/// First id of properties that have a name of their own.
const FIRST_NAMED: u16 = 0x8000;

/// Most names that are read.
const NAMES_MAX: usize = 32_768;

/// Bytes of a name that are kept; longer ones are searched as part of the stream they stand in.
const NAME_BYTES_MAX: usize = 512;

/// Text in a code page, text in UTF-16, bytes; with the bit of several values also both texts.
const STRING8: u16 = 0x1e;
const UNICODE: u16 = 0x1f;
const BINARY: u16 = 0x102;
const SEVERAL: u16 = 0x1000;

/// Names of properties beyond the standard, by their id in this file (§2.2.3).
#[derive(Default)]
pub(super) struct Names(BTreeMap<u16, String>);

impl Names {
    pub(super) fn read(scan: &mut Scan<'_>, site: &Site, ole: &mut Ole<'_>, root: usize) -> Self {
        let Some(at) = ole.file.find(root, NAMED) else { return Self::default() };
        let entries = ole.named(scan, site, at, "__substg1.0_00030102");
        let strings = ole.named(scan, site, at, "__substg1.0_00040102");
        let (part, mut strings) = strings.unwrap_or_default();
        let mut block = Block::new(&part);
        let names = Self::of_streams(&entries.unwrap_or_default().1, &mut strings, &mut block);
        scan.block(site, &block);
        // Whatever else stands there is no name that anybody asks for.
        super::search(scan, site, &part, &strings, Channel::Metadata);
        names
    }

    /// The names that entries refer to. Each goes into the block once, and those that went whole are
    /// blanked out.
    fn of_streams(entries: &[u8], strings: &mut [u8], block: &mut Block) -> Self {
        let (mut names, mut read) = (BTreeMap::new(), BTreeSet::new());
        for entry in entries.chunks_exact(8).take(NAMES_MAX) {
            let fields = (size_at(entry, 0), u16_at(entry, 4), u16_at(entry, 6));
            let (Some(number), Some(kind), Some(index)) = fields else { break };
            let name = if kind & 1 == 0 {
                format!("named property {number:04X}")
            } else {
                let length = size_at(strings, number).unwrap_or(0);
                let start = number.saturating_add(4);
                let name = utf16(range(strings, start, length.min(NAME_BYTES_MAX)));
                if read.insert((start, length)) {
                    block.field(Place::of(Channel::Metadata), "name of a property", &name);
                }
                name
            };
            names.insert(FIRST_NAMED.wrapping_add(index), name);
        }
        for (start, length) in read.into_iter().filter(|(_, length)| *length <= NAME_BYTES_MAX) {
            if let Some(known) = strings.get_mut(start..start.saturating_add(length)) {
                known.fill(0);
            }
        }
        Self(names)
    }

    /// What a property is called.
    fn of(&self, id: u16) -> String {
        let known = KNOWN.iter().find(|known| known.id == id).map(|known| known.name.to_owned());
        let own = || self.0.get(&id).cloned();
        known.or_else(own).unwrap_or_else(|| format!("property {id:04X}"))
    }
}

/// A property of the standard.
pub(super) struct Known {
    id: u16,
    name: &'static str,
    channel: Channel,
    /// Whether it tells about people or machines what a reader of the message does not see.
    pub(super) is_telling: bool,
}

const fn seen(id: u16, name: &'static str) -> Known {
    Known { id, name, channel: Channel::Visible, is_telling: false }
}

const fn unseen(id: u16, name: &'static str) -> Known {
    Known { id, name, channel: Channel::Metadata, is_telling: false }
}

const fn telling(id: u16, name: &'static str) -> Known {
    Known { id, name, channel: Channel::Metadata, is_telling: true }
}

/// Properties with their names in [MS-OXPROPS], in other words.
const KNOWN: &[Known] = &[
    unseen(0x001a, "message class"),
    seen(0x0037, "subject"),
    telling(0x0040, "received by"),
    seen(0x0042, "from"),
    telling(0x0044, "received for"),
    telling(0x004f, "reply recipients"),
    seen(0x0050, "reply to"),
    seen(0x0065, "from address"),
    unseen(0x0070, "conversation topic"),
    telling(0x0076, "received by address"),
    telling(0x0078, "received for address"),
    unseen(0x007d, "transport headers"),
    seen(0x0c1a, "sender"),
    seen(0x0c1f, "sender address"),
    telling(0x0e02, "bcc"),
    seen(0x0e03, "cc"),
    seen(0x0e04, "to"),
    unseen(0x0e1d, "normalized subject"),
    telling(0x0e28, "account"),
    telling(0x0e29, "next account"),
    seen(0x1000, "body"),
    seen(0x1013, "html body"),
    unseen(0x1035, "message id"),
    telling(0x1039, "references"),
    telling(0x1042, "in reply to"),
    unseen(0x3001, "display name"),
    unseen(0x3003, "address"),
    unseen(0x3703, "extension"),
    seen(0x3704, "short file name"),
    seen(0x3707, "file name"),
    telling(0x3708, "path"),
    telling(0x370d, "long path"),
    unseen(0x370e, "media type"),
    unseen(0x3712, "content id"),
    unseen(0x3713, "content location"),
    unseen(0x39fe, "mail address"),
    telling(0x3ff8, "creator"),
    telling(0x3ffa, "last modifier"),
    telling(0x4038, "creator address"),
    telling(0x4039, "last modifier address"),
    seen(0x5d01, "sender mail address"),
    seen(0x5d02, "from mail address"),
    telling(0x5d07, "received by mail address"),
    telling(0x5d08, "received for mail address"),
    telling(0x5d0a, "creator mail address"),
    telling(0x5d0b, "last modifier mail address"),
    unseen(0x5ff6, "recipient"),
];

/// A property with a text.
pub(super) struct Text {
    pub(super) id: u16,
    pub(super) name: String,
    pub(super) channel: Channel,
    pub(super) is_telling: bool,
    pub(super) text: String,
}

/// The properties of one storage.
pub(super) struct Bag {
    /// Path of the storage, or `message` for the root.
    pub(super) part: String,
    /// Bytes before the first entry of the stream of properties, and the stream.
    stream: Vec<u8>,
    header: usize,
    pub(super) texts: Vec<Text>,
}

impl Bag {
    /// Reads the properties of a storage; `header` is the length of what precedes the entries.
    /// Texts in a code page are in `page` unless the properties name another.
    pub(super) fn read(
        scan: &mut Scan<'_>,
        site: &Site,
        ole: &mut Ole<'_>,
        at: usize,
        header: usize,
        (names, page): (&Names, u32),
    ) -> Self {
        let stream = ole.named(scan, site, at, PROPERTIES).unwrap_or_default().1;
        let path = ole.file.path(at);
        let part = if path.is_empty() { "message".to_owned() } else { path };
        // Some programs begin an inner message as the outermost one, with eight bytes more.
        let is_longer = header == 24 && stream.len().is_multiple_of(ENTRY_BYTES);
        let header = if is_longer { header + 8 } else { header };
        let mut bag = Self { part, stream, header, texts: Vec::new() };
        let page = bag.page().unwrap_or(page);
        for child in ole.file.children(at).to_vec() {
            let Some(entry) = ole.file.entry(child) else { continue };
            let Some((id, kind, is_one)) = value_name(&entry.name) else { continue };
            let is_several = kind & SEVERAL != 0;
            if !matches!(kind & !SEVERAL, STRING8 | UNICODE) {
                continue;
            }
            let Some((_, content)) = ole.take(scan, site, child) else { continue };
            if is_several && !is_one {
                // The lengths of the values, which stand in streams of their own.
                continue;
            }
            let is_wide = kind & !SEVERAL == UNICODE;
            let text = if is_wide { utf16(&content) } else { code_page(&content, page) };
            bag.add(id, names, text.trim_matches('\0'));
        }
        bag.check(scan, site, ole, at);
        bag
    }

    fn add(&mut self, id: u16, names: &Names, text: &str) {
        let known = KNOWN.iter().find(|known| known.id == id);
        self.texts.push(Text {
            id,
            name: names.of(id),
            channel: known.map_or(Channel::Metadata, |known| known.channel),
            is_telling: known.is_some_and(|known| known.is_telling),
            text: text.to_owned(),
        });
    }

    /// A value that is listed and has no stream was cut off.
    fn check(&self, scan: &mut Scan<'_>, site: &Site, ole: &Ole<'_>, at: usize) {
        let entries = self.stream.len().checked_sub(self.header);
        let is_cut = !entries.is_some_and(|length| length.is_multiple_of(ENTRY_BYTES));
        let children = ole.file.children(at).iter().filter_map(|child| ole.file.entry(*child));
        if is_cut || is_any_missing(self.entries(), children.map(|child| child.name.as_str())) {
            scan.refuse(site, Some(&self.part), Kind::Ole, Reason::Broken);
        }
    }

    fn entries(&self) -> impl Iterator<Item = &[u8]> {
        range(&self.stream, self.header, usize::MAX).chunks_exact(ENTRY_BYTES)
    }

    /// A number by the id of its property.
    pub(super) fn number(&self, id: u16) -> Option<u32> {
        let entry = self.entries().find(|entry| u16_at(entry, 2) == Some(id))?;
        u32_at(entry, 8)
    }

    /// The code page of texts that are not in UTF-16.
    pub(super) fn page(&self) -> Option<u32> {
        self.number(0x3ffd)
    }

    /// Recipients and attachments that the header of a message promises.
    pub(super) fn promised(&self) -> (usize, usize) {
        let number = |at: usize| size_at(&self.stream, at).filter(|_| self.header >= 24);
        (number(16).unwrap_or(0), number(20).unwrap_or(0))
    }

    /// A text by the id of its property, if there is one.
    pub(super) fn text(&self, id: u16) -> Option<&str> {
        let text = self.texts.iter().find(|text| text.id == id)?;
        Some(text.text.as_str()).filter(|text| !text.trim().is_empty())
    }
}

/// Whether an entry lists a value that is in no stream of those names, which are gone through once.
fn is_any_missing<'b>(
    mut entries: impl Iterator<Item = &'b [u8]>,
    names: impl Iterator<Item = &'b str>,
) -> bool {
    let names: BTreeSet<String> = names.map(str::to_ascii_uppercase).collect();
    entries.any(|entry| {
        let (kind, id) = (u16_at(entry, 0).unwrap_or(0), u16_at(entry, 2).unwrap_or(0));
        let is_kept_apart = matches!(kind, STRING8 | UNICODE | BINARY);
        let has_value = size_at(entry, 8).is_some_and(|size| size > 2);
        let name = || format!("{VALUE}{id:04X}{kind:04X}").to_ascii_uppercase();
        is_kept_apart && has_value && !names.contains(&name())
    })
}

/// Id and type in the name of a stream, and whether it is one value of several.
fn value_name(name: &str) -> Option<(u16, u16, bool)> {
    let rest = name.get(VALUE.len()..).filter(|_| name.starts_with(VALUE))?;
    let number = |at: usize| u16::from_str_radix(rest.get(at..at + 4)?, 16).ok();
    Some((number(0)?, number(4)?, rest.get(8..).is_some_and(|rest| rest.starts_with('-'))))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An entry of the stream of properties: a text in UTF-16.
    fn listed(id: u16) -> Vec<u8> {
        let [low, high] = id.to_le_bytes();
        [[0x1f, 0, low, high, 0, 0, 0, 0], [8, 0, 0, 0, 0, 0, 0, 0]].concat()
    }

    #[test]
    fn many_names_of_one_long_string_take_the_room_of_one() {
        let long: Vec<u8> =
            "klimt ".repeat(90_000).encode_utf16().flat_map(u16::to_le_bytes).collect();
        let mut strings = [&(long.len() as u32).to_le_bytes(), long.as_slice()].concat();
        let entry = |at: u16| [[0, 0], [0, 0], [1, 0], at.to_le_bytes()].concat();
        let entries: Vec<u8> = (0..2000).flat_map(entry).collect();
        let (before, mut block) = (strings.clone(), Block::new("names"));
        let names = Names::of_streams(&entries, &mut strings, &mut block);
        assert_eq!((block.text().len(), names.0.len()), (NAME_BYTES_MAX / 2 + 1, 2000));
        assert!(names.0.values().all(|name| name.len() <= NAME_BYTES_MAX / 2));
        // What was not kept of it is still there to be searched.
        assert_eq!(strings, before);
    }

    #[test]
    fn names_are_gone_through_once_whatever_is_listed() {
        let entries: Vec<Vec<u8>> = (0..4000).map(listed).collect();
        let streams: Vec<String> = (0..4000).map(|id| format!("{VALUE}{id:04x}001f")).collect();
        let mut asked = 0;
        let names = streams.iter().map(String::as_str).inspect(|_| asked += 1);
        assert!(!is_any_missing(entries.iter().map(Vec::as_slice), names));
        assert_eq!(asked, 4000);
        let fewer = streams[..3999].iter().map(String::as_str);
        assert!(is_any_missing(entries.iter().map(Vec::as_slice), fewer));
    }

    #[test]
    fn names_of_streams_tell_the_property() {
        assert_eq!(value_name("__substg1.0_0037001F"), Some((0x37, 0x1f, false)));
        assert_eq!(value_name("__substg1.0_8003101F-00000001"), Some((0x8003, 0x101f, true)));
        for other in ["__substg1.0_0037", "__substg1.0_00é7001F", "__recip_version1.0_#0", ""] {
            assert_eq!(value_name(other), None, "{other}");
        }
    }
}
