//! Charts: what is drawn stays, but names no source that is gone.

use super::edit::{Edits, Step, escaped, steps};
use crate::report::Reason;

/// Whether a formula names something that is gone.
pub(super) type IsGone<'f> = &'f dyn Fn(&str) -> bool;

/// A reference that is open: its number, its formula and the values drawn.
#[derive(Default)]
struct Reference {
    at: usize,
    /// Element that holds the reference, such as `cat`.
    holder: String,
    prefix: String,
    formula: String,
    /// Extent of the values within the text.
    values: Option<(usize, usize)>,
    first: String,
}

/// Makes plain values of references to what is gone. Without a function all references stay.
pub(super) fn edit(
    text: &str,
    edits: &mut Edits,
    is_gone: Option<IsGone<'_>>,
) -> Result<(), Reason> {
    let Some(is_gone) = is_gone else { return Ok(()) };
    let mut names: Vec<String> = Vec::new();
    let mut open: Option<Reference> = None;
    steps(text, |step| match step {
        Step::Open(element, at) => {
            if element.name().ends_with("Ref") && open.is_none() {
                let full = element.full_name();
                let prefix = full.strip_suffix(element.name()).unwrap_or_default().to_owned();
                let holder = names.last().cloned().unwrap_or_default();
                open = Some(Reference { at, holder, prefix, ..Reference::default() });
            }
            names.push(element.name().to_owned());
        }
        Step::Text(piece) => {
            if let Some(reference) = &mut open {
                match names.last().map(String::as_str) {
                    Some("f") => reference.formula.push_str(&piece),
                    Some("v") if reference.first.is_empty() => reference.first.push_str(&piece),
                    _ => {}
                }
            }
        }
        Step::Close(name, span) => {
            names.pop();
            let Some(reference) = &mut open else { return };
            if matches!(name, "strCache" | "numCache")
                || (name == "lvl" && reference.values.is_none())
            {
                reference.values = Some((span.start, span.end));
            }
            if reference.at == span.at
                && let Some(reference) = open.take()
                && is_gone(&reference.formula)
            {
                edits.swap(span.at, literal(text, &reference, name));
            }
        }
    })
}

/// The values of a reference without their source.
fn literal(text: &str, reference: &Reference, name: &str) -> String {
    let Reference { prefix, .. } = reference;
    if reference.holder == "tx" {
        return format!("<{prefix}v>{}</{prefix}v>", escaped(&reference.first));
    }
    let values = reference.values.and_then(|(start, end)| text.get(start..end));
    // Between the tags of the cache.
    let inner = values.and_then(|values| {
        let begin = values.find('>')? + 1;
        let end = values.rfind("</")?;
        values.get(begin..end)
    });
    let literal = if name == "numRef" { "numLit" } else { "strLit" };
    format!("<{prefix}{literal}>{}</{prefix}{literal}>", inner.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fix::ooxml::edit::apply;

    #[test]
    fn values_stay_where_their_source_is_gone() {
        let text = "<c:ser><c:tx><c:strRef><c:f>B!$A$1</c:f><c:strCache><c:pt><c:v>n</c:v></c:pt>\
            </c:strCache></c:strRef></c:tx><c:val><c:numRef><c:f>B!$A$2</c:f><c:numCache><c:pt><c:v>7\
            </c:v></c:pt></c:numCache></c:numRef></c:val><c:cat><c:strRef><c:f>A!$A$1</c:f></c:strRef>\
            </c:cat></c:ser>";
        let mut edits = Edits::default();
        assert_eq!(edit(text, &mut edits, Some(&|formula| formula.starts_with("B!"))), Ok(()));
        let expected = "<c:ser><c:tx><c:v>n</c:v></c:tx><c:val><c:numLit><c:pt><c:v>7</c:v></c:pt>\
            </c:numLit></c:val><c:cat><c:strRef><c:f>A!$A$1</c:f></c:strRef></c:cat></c:ser>";
        assert_eq!(apply(text, &edits).map(|c| c.0).as_deref(), Ok(expected));
    }
}
