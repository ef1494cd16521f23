//! Parts of a workbook other than its sheets: shared strings, drawings, tables.

use std::collections::BTreeSet;

use super::{Tally, drop_counted};
use crate::finding::Channel;
use crate::fix::ooxml::chart::IsGone;
use crate::fix::ooxml::edit::{Edits, Step, steps};
use crate::read::xml::is_on;
use crate::report::Reason;

/// Empties the strings that no cell shows any more; they keep their places, since cells count them.
pub(super) fn strings(
    text: &str,
    used: &BTreeSet<usize>,
    edits: &mut Edits,
    tally: &mut Tally,
) -> Result<(), Reason> {
    let (mut at_string, mut has_text, mut prefix) = (0, false, String::new());
    steps(text, |step| match step {
        Step::Open(element, _) if element.name() == "si" => {
            has_text = false;
            prefix = element.full_name().trim_end_matches("si").to_owned();
        }
        Step::Text(piece) => has_text |= !piece.trim().is_empty(),
        Step::Close("si", span) => {
            if has_text && !used.contains(&at_string) {
                edits.swap(span.at, format!("<{prefix}si><{prefix}t/></{prefix}si>"));
                tally.add(Channel::Cache, 1);
            }
            at_string += 1;
        }
        _ => {}
    })
}

/// Drops the boxes of comments and the names of macros from an old drawing.
pub(super) fn drawing_of_notes(text: &str, edits: &mut Edits) -> Result<(), Reason> {
    let mut is_note = false;
    steps(text, |step| match step {
        Step::Open(element, at) => match element.name() {
            "shape" => is_note = false,
            "ClientData" => is_note = element.get("ObjectType").as_deref() == Some("Note"),
            "FmlaMacro" => edits.drop(at),
            _ => {}
        },
        Step::Close("shape", span) if is_note => edits.drop(span.at),
        _ => {}
    })
}

/// Drops hidden shapes and slicers from a drawing, and what refers to macros or to what is gone.
pub(super) fn drawing(
    text: &str,
    edits: &mut Edits,
    tally: &mut Tally,
    is_gone: IsGone<'_>,
) -> Result<(), Reason> {
    // Whether the open anchor holds something that goes.
    let mut goes = None;
    steps(text, |step| match step {
        Step::Open(element, at) => {
            match element.name() {
                "cNvPr" if element.get("hidden").is_some_and(|value| is_on(Some(&value))) => {
                    goes = Some(Channel::OffSlide);
                }
                "slicer" | "timeslicer" => goes = Some(Channel::Cache),
                _ => {}
            }
            if element.get("macro").is_some_and(|name| !name.is_empty()) {
                edits.attribute(at, "macro", Some(""));
                tally.add(Channel::Macro, 1);
            }
            if element.get("textlink").is_some_and(|formula| is_gone(&formula)) {
                edits.attribute(at, "textlink", None);
            }
        }
        Step::Close("twoCellAnchor" | "oneCellAnchor" | "absoluteAnchor", span) => {
            if let Some(channel) = goes.take() {
                drop_counted(edits, tally, span.at, channel);
            }
        }
        _ => {}
    })
}

/// Takes from a table what ties it to a query, and formulas that refer to what is gone.
pub(super) fn table(
    text: &str,
    edits: &mut Edits,
    tally: &mut Tally,
    is_gone: IsGone<'_>,
) -> Result<(), Reason> {
    let (mut formula, mut column) = (String::new(), 0);
    steps(text, |step| match step {
        Step::Open(element, at) => {
            formula.clear();
            if element.name() == "tableColumn" {
                column = at;
            }
            let is_query = element.get("tableType").as_deref() == Some("queryTable");
            tally.add(Channel::Connection, u64::from(is_query));
            for (name, _) in element.raw_attributes() {
                if is_query && name == "tableType"
                    || matches!(name, "connectionId" | "queryTableFieldId")
                {
                    edits.attribute(at, name, None);
                }
            }
        }
        Step::Text(piece) => formula.push_str(&piece),
        Step::Close("calculatedColumnFormula" | "totalsRowFormula", span) => {
            if is_gone(&formula) {
                drop_counted(edits, tally, span.at, Channel::OtherPart);
                edits.attribute(column, "totalsRowFunction", None);
            }
        }
        Step::Close(_, _) => {}
    })
}
