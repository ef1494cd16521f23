//! Jupyter notebooks: sources as visible text, outputs and metadata as hidden channels. A notebook
//! that is no JSON is searched as text.

use serde_json::Value;

use crate::block::{Block, Place};
use crate::finding::Channel;
use crate::kind::Kind;
use crate::report::Encoding;
use crate::rules::Notice;
use crate::scan::{Scan, Site};

pub(super) fn read(scan: &mut Scan<'_>, site: &Site, bytes: &[u8]) {
    let notebook = serde_json::from_slice::<Value>(bytes);
    let Some(cells) = notebook.as_ref().ok().and_then(|n| n.get("cells")?.as_array()) else {
        return super::text::read(scan, site, Kind::Json, bytes);
    };
    scan.was_read(site, Kind::Notebook, bytes, Some(Encoding::Utf8));
    let mut block = Block::whole();
    for (at, cell) in (1..).zip(cells) {
        let place = |channel| Place { paragraph: at, ..Place::of(channel) };
        block.field(place(Channel::Visible), "source", &joined(cell.get("source")));
        let outputs = cell.get("outputs").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        for output in outputs {
            let mut texts = Vec::new();
            strings(output, &mut texts);
            block.field(place(Channel::Output), "outputs", &texts.join("\n"));
        }
        if !outputs.is_empty() {
            scan.notice_in(site, &block, place(Channel::Output), Notice::Output, "");
        }
        for name in ["metadata", "attachments"] {
            let mut texts = Vec::new();
            cell.get(name).into_iter().for_each(|value| strings(value, &mut texts));
            block.field(place(Channel::Metadata), name, &texts.join("\n"));
        }
    }
    let others = notebook.iter().filter_map(Value::as_object).flatten();
    for (name, value) in others.filter(|(name, _)| *name != "cells") {
        let mut texts = Vec::new();
        strings(value, &mut texts);
        block.field(Place::of(Channel::Metadata), name, &texts.join("\n"));
    }
    scan.block(site, &block);
}

/// Text that is one string or a list of lines.
fn joined(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(lines)) => lines.iter().filter_map(Value::as_str).collect(),
        _ => String::new(),
    }
}

/// All strings of a value, names of members among them. JSON is parsed to a bounded depth.
fn strings(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::String(text) => texts.push(text.clone()),
        Value::Array(items) if items.iter().all(Value::is_string) => {
            texts.push(joined(Some(value)));
        }
        Value::Array(items) => items.iter().for_each(|item| strings(item, texts)),
        Value::Object(members) => {
            for (name, member) in members {
                texts.push(name.clone());
                strings(member, texts);
            }
        }
        Value::Number(number) => texts.push(number.to_string()),
        Value::Bool(_) | Value::Null => {}
    }
}
