//! What a document keeps beside its pages and does not need: metadata, scripts, attachments,
//! comments, private data, second copies of forms.

use std::collections::BTreeSet;

use lopdf::{Dictionary, Document, Object, ObjectId};

use crate::finding::Channel;
use crate::read::pdf::document::{dictionary, name_of};

/// Direct objects inside each other that are followed.
const DEPTH_MAX: usize = 128;

/// Keys that go wherever they stand, and what they hold.
const KEYS: [(&[u8], Channel); 9] = [
    (b"Metadata", Channel::Metadata),
    (b"PieceInfo", Channel::Metadata),
    (b"Thumb", Channel::Thumbnail),
    (b"JS", Channel::Macro),
    (b"AA", Channel::Macro),
    (b"EF", Channel::Embedded),
    (b"AF", Channel::Embedded),
    (b"XFA", Channel::Form),
    (b"LastModified", Channel::Metadata),
];

/// Keys of the tree of names that go.
const NAMES: [(&[u8], Channel); 2] =
    [(b"JavaScript", Channel::Macro), (b"EmbeddedFiles", Channel::Embedded)];

/// What was taken away, in the order of the objects.
pub(super) type Gone = Vec<Channel>;

/// Cleans all objects; texts that stand for content go too if content was removed.
pub(super) fn clean(doc: &mut Document, is_redacted: bool) -> Gone {
    let mut gone = Gone::new();
    if doc.trailer.remove(b"Info").is_some() {
        gone.push(Channel::Property);
    }
    let rules = Rules { comments: comments(doc), named: named(doc), is_redacted };
    let ids: Vec<ObjectId> = doc.objects.keys().copied().collect();
    for id in ids {
        let Some(object) = doc.objects.get_mut(&id) else { continue };
        let is_named = rules.named.contains(&id);
        visit(object, &rules, is_named, &mut gone, 0);
    }
    for id in rules.comments {
        doc.objects.remove(&id);
        gone.push(Channel::Comment);
    }
    gone
}

/// What is to go.
struct Rules {
    /// Annotations, in the order of their objects.
    comments: Vec<ObjectId>,
    /// Dictionaries whose keys are names that the writer chose.
    named: BTreeSet<ObjectId>,
    is_redacted: bool,
}

/// Keys whose dictionaries have names that the writer chose.
const NAMED: [&[u8]; 9] = [
    b"Font",
    b"XObject",
    b"ExtGState",
    b"ColorSpace",
    b"Pattern",
    b"Shading",
    b"Properties",
    b"CharProcs",
    b"Dests",
];

fn named(doc: &Document) -> BTreeSet<ObjectId> {
    let dicts = doc.objects.values().filter_map(dictionary);
    // Resources may stand within a page or on their own.
    let inner = dicts.clone().filter_map(|dict| dict.get(b"Resources").ok()?.as_dict().ok());
    let of = |dict: &Dictionary| {
        let ids = NAMED.iter().filter_map(|key| dict.get(key).ok()?.as_reference().ok());
        ids.collect::<Vec<_>>()
    };
    dicts.chain(inner).flat_map(of).collect()
}

/// Annotations that are neither links nor fields.
fn comments(doc: &Document) -> Vec<ObjectId> {
    let is_comment = |object: &Object| {
        dictionary(object).is_some_and(|dict| {
            let is_kept = matches!(
                name_of(doc, dict, b"Subtype"),
                None | Some(b"Link" | b"Widget" | b"Form" | b"Image")
            );
            dict.has(b"Rect") && dict.has(b"Subtype") && !is_kept && !dict.has(b"FT")
        })
    };
    doc.objects.iter().filter(|(_, object)| is_comment(object)).map(|(id, _)| *id).collect()
}

fn visit(object: &mut Object, rules: &Rules, is_named: bool, gone: &mut Gone, depth: usize) {
    if depth > DEPTH_MAX {
        return;
    }
    match object {
        Object::Array(items) => {
            items.retain(|item| !is_comment(item, &rules.comments));
            items.iter_mut().for_each(|item| visit(item, rules, false, gone, depth + 1));
        }
        Object::Dictionary(dict) => entries(dict, rules, is_named, gone, depth),
        Object::Stream(stream) => entries(&mut stream.dict, rules, is_named, gone, depth),
        _ => {}
    }
}

fn is_comment(item: &Object, comments: &[ObjectId]) -> bool {
    match item {
        Object::Reference(id) => comments.binary_search(id).is_ok(),
        Object::Dictionary(dict) => {
            let subtype = dict.get(b"Subtype").and_then(Object::as_name);
            dict.has(b"Rect") && subtype.is_ok_and(|s| !matches!(s, b"Link" | b"Widget"))
        }
        _ => false,
    }
}

fn entries(dict: &mut Dictionary, rules: &Rules, is_named: bool, gone: &mut Gone, depth: usize) {
    for (key, channel) in KEYS.iter().chain(&NAMES) {
        if !is_named && dict.remove(key).is_some() {
            gone.push(*channel);
        }
    }
    let action = dict.get(b"S").and_then(Object::as_name).unwrap_or_default().to_vec();
    match action.as_slice() {
        b"JavaScript" | b"Launch" | b"GoToR" | b"GoToE" | b"SubmitForm" | b"ImportData" => {
            // An action without a kind does nothing.
            let channel =
                if action == b"JavaScript" { Channel::Macro } else { Channel::ExternalLink };
            gone.push(channel);
            *dict = Dictionary::new();
            dict.set("S", "GoTo");
            dict.set("D", Vec::<Object>::new());
            return;
        }
        _ => {}
    }
    let flags = dict.get(b"F").and_then(Object::as_i64).unwrap_or(0);
    let is_widget = dict.get(b"Subtype").and_then(Object::as_name).is_ok_and(|s| s == b"Widget");
    if is_widget && flags & 34 != 0 {
        for key in [b"V".as_slice(), b"DV", b"AP"] {
            if dict.remove(key).is_some() && key == b"V" {
                gone.push(Channel::Form);
            }
        }
    }
    if rules.is_redacted && !is_named {
        for key in [b"ActualText".as_slice(), b"Alt", b"E"] {
            if dict.get(key).is_ok_and(|value| value.as_str().is_ok()) {
                dict.remove(key);
            }
        }
    }
    for (key, value) in dict.iter_mut() {
        let is_named = NAMED.contains(&key.as_slice());
        visit(value, rules, is_named, gone, depth + 1);
    }
    let is_empty = |object: &Object| matches!(object, Object::Dictionary(d) if d.is_empty());
    let actions = dict.get(b"OpenAction").is_ok_and(is_empty);
    if actions {
        dict.remove(b"OpenAction");
    }
}
