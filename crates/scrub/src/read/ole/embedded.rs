//! Files that were put into a document as a package ([MS-OLEDS] §2.3.6 and the packager's own form).

use super::le::{code_page, part as range, size_at, u16_at};
use super::search;
use crate::block::{Block, Place};
use crate::finding::Channel;
use crate::kind::Kind;
use crate::report::Reason;
use crate::rules::Notice;
use crate::scan::{Scan, Site};

/// A stream `Ole10Native`: names and paths on the machine where the file came from, then the file.
pub(in crate::read) fn native(scan: &mut Scan<'_>, site: &Site, part: &str, content: &[u8]) {
    match taken_apart(content) {
        Some((names, inner, rest)) => {
            let mut block = Block::new(part);
            for (field, name) in ["label", "source path", "temporary path"].iter().zip(&names) {
                block.field(Place::of(Channel::Metadata), field, name);
                if name.contains(['/', '\\']) {
                    scan.notice_part(site, part, Notice::SourcePath, name, 1);
                }
            }
            scan.block(site, &block);
            scan.notice_part(site, part, Notice::Embedded, &names[0], 1);
            let label = if names[0].trim().is_empty() { part } else { names[0].as_str() };
            scan.file(&site.inner(label), inner);
            // The names once more in UTF-16, a picture that stands for the file, or anything else.
            search(scan, site, part, rest, Channel::Embedded);
        }
        None => {
            // Other programs write their own data after the length.
            let inner = range(content, 4, usize::MAX);
            scan.notice_part(site, part, Notice::Embedded, "", 1);
            if matches!(Kind::of(inner), Kind::Unknown | Kind::Text | Kind::Empty) {
                search(scan, site, part, content, Channel::Embedded);
            } else {
                scan.file(&site.inner(part), inner);
            }
            if size_at(content, 0).is_none_or(|size| size > inner.len()) {
                scan.refuse(site, Some(part), Kind::Unknown, Reason::Broken);
            }
        }
    }
}

/// The three names, the file, and what follows it.
fn taken_apart(content: &[u8]) -> Option<([String; 3], &[u8], &[u8])> {
    if u16_at(content, 4)? != 2 {
        return None;
    }
    let mut at = 6;
    let label = text(content, &mut at)?;
    let source = text(content, &mut at)?;
    // Two numbers, then the length of the path, which ends with a zero all the same.
    at += 8;
    let temporary = text(content, &mut at)?;
    let size = size_at(content, at)?;
    let inner = content.get(at + 4..)?;
    let (inner, rest) = inner.split_at(size.min(inner.len()));
    Some(([label, source, temporary], inner, rest))
}

fn text(content: &[u8], at: &mut usize) -> Option<String> {
    let rest = content.get(*at..)?;
    let length = rest.iter().position(|byte| *byte == 0)?;
    *at += length + 1;
    Some(code_page(&rest[..length], 1252))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_taken_apart() {
        let mut bytes = vec![0, 0, 0, 0, 2, 0];
        bytes.extend_from_slice(b"a.txt\0C:\\Users\\anna\\a.txt\0\0\0\x03\0\x06\0\0\0C:\\T\\a\0");
        bytes.extend_from_slice(b"\x04\0\0\0textmore");
        let (names, inner, rest) = taken_apart(&bytes).unwrap();
        assert_eq!(names, ["a.txt", "C:\\Users\\anna\\a.txt", "C:\\T\\a"]);
        assert_eq!((inner, rest), (b"text".as_slice(), b"more".as_slice()));
        (0..bytes.len()).for_each(|end| drop(taken_apart(&bytes[..end])));
    }
}
