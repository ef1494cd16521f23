//! SVG: metadata, comments, scripts, hidden elements and what drawing programs add for themselves
//! are dropped; pictures in the text are fixed too.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, Writer};

use super::super::Job;
use super::Copy;
use crate::finding::Channel;
use crate::report::Reason;

/// Prefixes of names that drawing programs use for themselves.
const PROGRAMS: [&str; 6] = ["inkscape:", "sodipodi:", "serif:", "sketch:", "i:", "x:"];

pub(super) fn fix(
    job: &mut Job,
    path: &[String],
    copy: &mut Copy,
    bytes: &[u8],
) -> Result<(), Reason> {
    let text = std::str::from_utf8(bytes).map_err(|_| Reason::Broken)?;
    let mut reader = Reader::from_str(text);
    let mut writer = Writer::new(Vec::new());
    let mut put = |event| writer.write_event(event).map_err(|_| Reason::Broken);
    // Elements open inside one that is dropped.
    let mut dropped = 0_usize;
    let mut number = 0;
    loop {
        match reader.read_event().map_err(|_| Reason::Broken)? {
            Event::Eof => break,
            Event::Start(_) if dropped > 0 => dropped += 1,
            Event::End(_) if dropped > 0 => dropped -= 1,
            _ if dropped > 0 => {}
            Event::Start(start) => match gone(&start) {
                Some(channel) => {
                    copy.drop(channel);
                    dropped = 1;
                }
                None => put(Event::Start(element(job, path, copy, &start, &mut number)?))?,
            },
            Event::Empty(start) => match gone(&start) {
                Some(channel) => copy.drop(channel),
                None => put(Event::Empty(element(job, path, copy, &start, &mut number)?))?,
            },
            Event::Comment(_) => copy.drop(Channel::Comment),
            Event::PI(_) => copy.drop(Channel::Metadata),
            event => put(event)?,
        }
    }
    copy.bytes = writer.into_inner();
    Ok(())
}

/// Why an element is to be dropped.
fn gone(start: &BytesStart<'_>) -> Option<Channel> {
    let name = start.name().into_inner().to_owned();
    let local = start.local_name().into_inner();
    if local == "metadata" || PROGRAMS.iter().any(|prefix| name.starts_with(prefix)) {
        return Some(Channel::Metadata);
    }
    if local == "script" {
        return Some(Channel::Macro);
    }
    let is_hidden = start.attributes().with_checks(false).flatten().any(|attribute| {
        let value: String = attribute.value.split_ascii_whitespace().collect();
        let properties = || value.split(';');
        match attribute.key.into_inner() {
            "display" => value == "none",
            "opacity" => value == "0",
            "style" => properties().any(|p| matches!(p, "display:none" | "opacity:0")),
            _ => false,
        }
    });
    is_hidden.then_some(Channel::HiddenText)
}

/// An element without attributes of programs and scripts, its embedded file fixed.
fn element(
    job: &mut Job,
    path: &[String],
    copy: &mut Copy,
    start: &BytesStart<'_>,
    number: &mut u32,
) -> Result<BytesStart<'static>, Reason> {
    let mut element = BytesStart::new(start.name().into_inner().to_owned());
    for attribute in start.attributes().with_checks(false).flatten() {
        let name = attribute.key.into_inner();
        let is_programs = PROGRAMS.iter().any(|prefix| name.starts_with(prefix));
        let is_script = name.starts_with("on") && name.len() > 4
            || attribute.value.trim_start().to_ascii_lowercase().starts_with("javascript:");
        if is_programs || is_script {
            copy.drop(if is_script { Channel::Macro } else { Channel::Metadata });
            continue;
        }
        let file =
            attribute.value.strip_prefix("data:").and_then(|data| data.split_once(";base64,"));
        let Some((media, packed)) = file else {
            element.push_attribute((name, attribute.value.as_ref()));
            continue;
        };
        *number += 1;
        let packed: Vec<u8> = packed.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
        let data = STANDARD.decode(packed).map_err(|_| Reason::Broken)?;
        let name_inside = format!("embedded file {number}");
        let inner: Vec<String> = path.iter().cloned().chain([name_inside]).collect();
        let fixed = job.file(&inner, &data)?;
        if *fixed != *data {
            copy.drop(Channel::Embedded);
        }
        let value = format!("data:{media};base64,{}", STANDARD.encode(&fixed));
        element.push_attribute((name, value.as_str()));
    }
    Ok(element)
}
