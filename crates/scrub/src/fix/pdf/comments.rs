//! Comments in content (ISO 32000-2 §7.2.4): no program shows them, and anybody can have written
//! them. Those between objects go when the file is written anew.

use std::collections::BTreeSet;

use lopdf::{Object, ObjectId};

use crate::read::pdf::document::Pdf;

/// Takes the comments out of all content: of pages, forms and patterns. Gives how many there were.
pub(super) fn strip(pdf: &mut Pdf) -> u64 {
    let pages = pdf.pages();
    let mut ids: BTreeSet<ObjectId> =
        pages.into_iter().flat_map(|page| pdf.doc.get_page_contents(page)).collect();
    let is_content = |object: &Object| {
        let Object::Stream(stream) = object else { return false };
        let subtype = stream.dict.get(b"Subtype").and_then(Object::as_name);
        let is_form = subtype.is_ok_and(|subtype| subtype == b"Form");
        is_form || stream.dict.has(b"PatternType")
    };
    ids.extend(pdf.doc.objects.iter().filter(|(_, o)| is_content(o)).map(|(id, _)| *id));
    let mut gone = 0;
    for id in ids {
        let Ok(Object::Stream(stream)) = pdf.doc.get_object(id) else { continue };
        let unpacked = pdf.unpack(stream);
        let (content, count) = without(&unpacked.content);
        if count == 0 || unpacked.trouble.is_some() {
            continue;
        }
        gone += count;
        if let Ok(Object::Stream(stream)) = pdf.doc.get_object_mut(id) {
            stream.set_plain_content(content);
            // A stream that cannot be packed stays as it is.
            let _ = stream.compress();
        }
    }
    gone
}

/// Content without its comments, and how many there were.
fn without(content: &[u8]) -> (Vec<u8>, u64) {
    let mut out = Vec::with_capacity(content.len());
    let (mut at, mut depth, mut count, mut is_picture) = (0, 0_usize, 0, false);
    while let Some(byte) = content.get(at).copied() {
        let length = match byte {
            b'\\' if depth > 0 => 2,
            b'(' => {
                depth += 1;
                1
            }
            b')' => {
                depth = depth.saturating_sub(1);
                1
            }
            b'%' if depth == 0 => {
                let rest = content[at..].iter();
                at += rest.take_while(|byte| !matches!(**byte, b'\n' | b'\r')).count();
                count += 1;
                continue;
            }
            b'B' if depth == 0 && is_word(content, at, b"BI") => {
                is_picture = true;
                2
            }
            // The data of a picture is no text.
            b'I' if depth == 0 && is_picture && is_word(content, at, b"ID") => {
                is_picture = false;
                let rest = &content[at..];
                let end = (0..rest.len()).find(|from| is_word(rest, *from, b"EI"));
                end.unwrap_or(rest.len())
            }
            _ => 1,
        };
        let end = at.saturating_add(length).min(content.len());
        out.extend_from_slice(&content[at..end]);
        at = end;
    }
    (out, count)
}

/// Whether a word stands at a place, with nothing that belongs to it around it.
fn is_word(content: &[u8], at: usize, word: &[u8]) -> bool {
    let is_apart = |byte: Option<&u8>| byte.is_none_or(|byte| !byte.is_ascii_alphanumeric());
    let before = at.checked_sub(1).and_then(|before| content.get(before));
    content[at..].starts_with(word)
        && before.is_none_or(u8::is_ascii_whitespace)
        && is_apart(content.get(at + word.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_go_and_what_only_looks_like_one_stays() {
        let content = b"q % one\n(50% \\) %) Tj %two\rBI /W 1 ID \x01%x EI Q";
        let expected = b"q \n(50% \\) %) Tj \rBI /W 1 ID \x01%x EI Q";
        assert_eq!(without(content), (expected.to_vec(), 2));
        assert_eq!(without(b"(%"), (b"(%".to_vec(), 0));
    }
}
