//! What objects say: trees, and the headers, identities and messages of commits and tags.

use std::borrow::Cow;

use gix_hash::ObjectId;

/// Mode of a folder in a tree.
pub(super) const FOLDER: u32 = 0o040_000;
/// Mode of a symbolic link in a tree.
pub(super) const LINK: u32 = 0o120_000;
/// Mode of a commit of another repository in a tree.
pub(super) const COMMIT: u32 = 0o160_000;
/// The bits of a mode that tell what an entry is.
pub(super) const TYPE_BITS: u32 = 0o170_000;

/// Text as it stands: UTF-8, else one character a byte, so that nothing is lost.
pub(super) fn text(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(bytes.iter().map(|byte| char::from(*byte)).collect()),
    }
}

/// A commit or a tag: named fields, then a message.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) fields: Vec<(String, String)>,
    pub(super) message: String,
}

impl Record {
    /// Takes any bytes; what is no field is no reason to stop.
    pub(super) fn of(bytes: &[u8]) -> Self {
        let text = text(bytes);
        let (head, message) = text.split_once("\n\n").unwrap_or((&text, ""));
        let mut record = Self { message: message.to_owned(), ..Self::default() };
        for line in head.lines() {
            match (line.strip_prefix(' '), record.fields.last_mut()) {
                (Some(more), Some((_, value))) => {
                    value.push('\n');
                    value.push_str(more);
                }
                _ => {
                    let (name, value) = line.split_once(' ').unwrap_or(("", line));
                    record.fields.push((name.to_owned(), value.to_owned()));
                }
            }
        }
        record
    }

    /// Values of a field.
    pub(super) fn all<'r>(&'r self, name: &'r str) -> impl Iterator<Item = &'r str> {
        self.fields.iter().filter(move |(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// Ids in a field.
    pub(super) fn ids<'r>(&'r self, name: &'r str) -> impl Iterator<Item = ObjectId> + 'r {
        self.all(name).filter_map(|value| ObjectId::from_hex(value.as_bytes()).ok())
    }

    /// Identities in the last paragraphs of a message, such as `Signed-off-by`.
    pub(super) fn trailers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.message.lines().filter_map(|line| {
            let (name, value) = line.split_once(": ")?;
            let is_name = name.len() < 40
                && name.contains('-')
                && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
            let is_identity = value.contains('<') && value.trim_end().ends_with('>');
            (is_name && is_identity).then(|| (name, value.trim()))
        })
    }
}

/// The name and address of `Name <address> time zone`.
pub(super) fn identity(value: &str) -> &str {
    value.rfind('>').map_or(value, |end| &value[..=end]).trim()
}

/// An entry of a tree.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TreeEntry<'b> {
    pub(super) mode: u32,
    pub(super) name: Cow<'b, str>,
    pub(super) id: ObjectId,
}

/// Entries of a tree, and whether that was all of it.
pub(super) fn entries(bytes: &[u8], hash: gix_hash::Kind) -> (Vec<TreeEntry<'_>>, bool) {
    let (mut entries, mut rest) = (Vec::new(), bytes);
    while let Some((entry, after)) = entry(rest, hash.len_in_bytes()) {
        entries.push(entry);
        rest = after;
    }
    (entries, rest.is_empty())
}

fn entry(bytes: &[u8], id_length: usize) -> Option<(TreeEntry<'_>, &[u8])> {
    let space = bytes.iter().take(8).position(|byte| *byte == b' ')?;
    let mode = std::str::from_utf8(&bytes[..space]).ok()?;
    let mode = u32::from_str_radix(mode, 8).ok()?;
    let rest = &bytes[space + 1..];
    let zero = rest.iter().position(|byte| *byte == 0)?;
    let (id, after) = rest[zero + 1..].split_at_checked(id_length)?;
    let id = ObjectId::try_from(id).ok()?;
    Some((TreeEntry { mode, name: text(&rest[..zero]), id }, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_has_fields_and_a_message() {
        let id = "1".repeat(40);
        let commit = format!(
            "tree {id}\nparent {id}\nauthor A B <a@b> 1 +0000\ngpgsig one\n two\n\nSubject\n\n\
             Signed-off-by: C D <c@d>\nnot: this <x>"
        );
        let record = Record::of(commit.as_bytes());
        assert_eq!(record.ids("parent").count(), 1);
        assert_eq!(record.all("gpgsig").collect::<Vec<_>>(), ["one\ntwo"]);
        assert_eq!(record.all("author").map(identity).collect::<Vec<_>>(), ["A B <a@b>"]);
        let trailers: Vec<_> = record.trailers().collect();
        assert_eq!(trailers, [("Signed-off-by", "C D <c@d>")]);
        assert_eq!(Record::of(b"\xff").fields, [(String::new(), "ÿ".to_owned())]);
    }

    #[test]
    fn a_tree_is_read_to_where_it_breaks() {
        let mut tree = b"100644 a\0".to_vec();
        tree.extend([7; 20]);
        let kind = gix_hash::Kind::Sha1;
        let (found, whole) = entries(&tree, kind);
        assert_eq!((found.len(), whole, found[0].name.as_ref()), (1, true, "a"));
        tree.extend(b"40000 b\0short");
        assert_eq!((entries(&tree, kind).0.len(), entries(&tree, kind).1), (1, false));
    }
}
