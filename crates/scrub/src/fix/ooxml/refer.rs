//! What leads from the text of a part to relations that it does not have any more.

use std::collections::BTreeSet;

use super::edit::{Edits, Step, steps};
use crate::report::Reason;

/// Names of attributes that hold the id of a relation; all of them have a prefix.
const IDS: [&str; 9] = ["id", "embed", "link", "pict", "href", "relid", "dm", "blip", "topLeft"];

/// Elements that can do without the relation.
const STAY: [&str; 7] =
    ["pageSetup", "blip", "imagedata", "fill", "chartsheet", "table", "pivotCacheDefinition"];

/// Drops the elements that need a relation which is gone. Links lose their target and keep their text.
pub(super) fn edit(text: &str, gone: &BTreeSet<String>, edits: &mut Edits) -> Result<(), Reason> {
    steps(text, |step| {
        let Step::Open(element, at) = step else { return };
        for (name, value) in element.raw_attributes() {
            let Some((prefix, local)) = name.split_once(':') else { continue };
            if prefix == "xmlns" || !IDS.contains(&local) || !gone.contains(value.as_ref()) {
                continue;
            }
            match element.name() {
                "hyperlink" => edits.unwrap(at),
                stays if STAY.contains(&stays) => edits.attribute(at, name, None),
                _ => edits.drop(at),
            }
        }
    })
}
