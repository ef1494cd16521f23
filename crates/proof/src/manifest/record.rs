//! One file of a manifest: where it is, how long it is, what it holds.

use serde::{Deserialize, Serialize};
use unicode_normalization::is_nfc;

use super::MAX_TOTAL_SIZE;
use super::batch::{self, FILES};
use crate::hash::Hash;

/// Length in bytes of a salt.
pub const SALT_BYTES: usize = 32;
/// Longest path, in bytes.
pub const MAX_PATH_BYTES: usize = 4096;
/// Longest type and longest subtype of a media type, in bytes (RFC 6838 §4.2).
const MAX_MEDIA_NAME_BYTES: usize = 127;

/// A file as it is committed to. JSON: digest in lowercase hex, salt in unpadded base64url.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileRecord {
    /// Relative path: segments joined by `/`, in Unicode NFC.
    pub path: String,
    /// Length in bytes.
    pub size: u64,
    /// Media type without parameters, such as `text/plain`.
    pub media_type: String,
    /// SHA-256 of the content.
    #[serde(with = "hex_hash")]
    pub sha256: Hash,
    /// Random, so that the leaf reveals nothing about a guessable file.
    #[serde(with = "base64url_salt")]
    pub salt: [u8; SALT_BYTES],
}

/// Why a path is not acceptable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// The path is empty.
    #[error("the path is empty")]
    Empty,
    /// The path is longer than the limit.
    #[error("the path has {found} bytes, the limit is {limit}")]
    TooLong {
        /// Bytes found.
        found: usize,
        /// Most bytes accepted.
        limit: usize,
    },
    /// The path begins with `/`.
    #[error("the path is absolute; make it relative")]
    Absolute,
    /// The path begins with a drive letter.
    #[error("the path begins with a drive letter; make it relative")]
    Drive,
    /// The path holds a backslash, which some systems take for a separator.
    #[error("the path holds a backslash")]
    Backslash,
    /// The path holds a control character.
    #[error("the path holds the control character {found:?}")]
    ControlCharacter {
        /// The character.
        found: char,
    },
    /// The path has an empty segment: `//`, or a `/` at its end.
    #[error("the path has an empty segment")]
    EmptySegment,
    /// The path has a segment `.` or `..`.
    #[error("the path has a segment . or ..")]
    DotSegment,
    /// The path is not in Unicode normalisation form C.
    #[error("the path is not in Unicode normalisation form C")]
    NotNormalized,
}

/// Why a record is not acceptable by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// The path is not acceptable.
    #[error(transparent)]
    Path(#[from] PathError),
    /// The media type is not `type/subtype` in the characters of RFC 6838 §4.2.
    #[error("the media type is not of the form type/subtype without parameters")]
    MediaType,
    /// The size is beyond the limit.
    #[error("a file of {found} bytes is too large, the limit is {limit}")]
    Size {
        /// Bytes found.
        found: u64,
        /// Most bytes accepted.
        limit: u64,
    },
}

impl FileRecord {
    /// Checks the record by itself.
    ///
    /// # Errors
    /// See [`RecordError`].
    pub fn validate(&self) -> Result<(), RecordError> {
        check_path(&self.path)?;
        if !is_media_type(&self.media_type) {
            return Err(RecordError::MediaType);
        }
        if self.size > MAX_TOTAL_SIZE {
            return Err(RecordError::Size { found: self.size, limit: MAX_TOTAL_SIZE });
        }
        Ok(())
    }

    /// Leaf over path, size (u64be), media type, SHA-256 and salt, in this order ([`batch::leaf`]).
    #[must_use]
    pub fn leaf(&self) -> Hash {
        let size = self.size.to_be_bytes();
        batch::leaf(
            &FILES,
            &[
                self.path.as_bytes(),
                &size,
                self.media_type.as_bytes(),
                self.sha256.as_bytes(),
                &self.salt,
            ],
        )
    }
}

fn check_path(path: &str) -> Result<(), PathError> {
    if path.is_empty() {
        return Err(PathError::Empty);
    }
    if path.len() > MAX_PATH_BYTES {
        return Err(PathError::TooLong { found: path.len(), limit: MAX_PATH_BYTES });
    }
    if path.starts_with('/') {
        return Err(PathError::Absolute);
    }
    if matches!(path.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic()) {
        return Err(PathError::Drive);
    }
    if path.contains('\\') {
        return Err(PathError::Backslash);
    }
    if let Some(found) = path.chars().find(|c| c.is_control()) {
        return Err(PathError::ControlCharacter { found });
    }
    for segment in path.split('/') {
        match segment {
            "" => return Err(PathError::EmptySegment),
            "." | ".." => return Err(PathError::DotSegment),
            _ => {}
        }
    }
    if !is_nfc(path) {
        return Err(PathError::NotNormalized);
    }
    Ok(())
}

fn is_media_type(text: &str) -> bool {
    let is_name = |name: &str| {
        name.len() <= MAX_MEDIA_NAME_BYTES
            && name.starts_with(|c: char| c.is_ascii_alphanumeric())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b))
    };
    text.split_once('/').is_some_and(|(kind, subkind)| is_name(kind) && is_name(subkind))
}

/// A hash as 64 lowercase hex digits.
pub(super) mod hex_hash {
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    use crate::hash::Hash;

    pub(in super::super) fn serialize<S: Serializer>(
        hash: &Hash,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(hash)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Hash, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Hash::from_hex(&text).ok_or_else(|| D::Error::custom("expected 64 lowercase hex digits"))
    }
}

/// A salt as 43 characters of unpadded base64url.
mod base64url_salt {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    use super::SALT_BYTES;

    pub(super) fn serialize<S: Serializer>(
        salt: &[u8; SALT_BYTES],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&URL_SAFE_NO_PAD.encode(salt))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<[u8; SALT_BYTES], D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        URL_SAFE_NO_PAD
            .decode(text.as_bytes())
            .ok()
            .and_then(|bytes| bytes.try_into().ok())
            .ok_or_else(|| D::Error::custom("expected 32 bytes in unpadded base64url"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_paths_are_accepted() {
        let longest = format!("{}b", "a/".repeat(MAX_PATH_BYTES / 2 - 1)) + "c";
        assert_eq!(longest.len(), MAX_PATH_BYTES);
        for path in [
            "memo.docx",
            "a/b/c",
            "Final (2).pdf",
            "résumé",
            ".gitignore",
            ".../x",
            "ab:c",
            &longest,
        ] {
            assert_eq!(check_path(path), Ok(()), "{path}");
        }
    }

    #[test]
    fn each_path_that_could_escape_or_deceive_is_refused() {
        let long = "a".repeat(MAX_PATH_BYTES + 1);
        let too_long = PathError::TooLong { found: MAX_PATH_BYTES + 1, limit: MAX_PATH_BYTES };
        for (path, error) in [
            ("", PathError::Empty),
            (long.as_str(), too_long),
            ("/etc/passwd", PathError::Absolute),
            ("//host/share", PathError::Absolute),
            ("C:/a", PathError::Drive),
            ("c:a", PathError::Drive),
            ("a\\b", PathError::Backslash),
            ("a\0b", PathError::ControlCharacter { found: '\0' }),
            ("a\nb", PathError::ControlCharacter { found: '\n' }),
            ("a\u{7f}", PathError::ControlCharacter { found: '\u{7f}' }),
            ("a\u{85}", PathError::ControlCharacter { found: '\u{85}' }),
            ("a//b", PathError::EmptySegment),
            ("a/", PathError::EmptySegment),
            (".", PathError::DotSegment),
            ("a/./b", PathError::DotSegment),
            ("a/../b", PathError::DotSegment),
            ("..", PathError::DotSegment),
            ("re\u{301}sume\u{301}", PathError::NotNormalized),
        ] {
            assert_eq!(check_path(path), Err(error), "{path:?}");
        }
    }

    #[test]
    fn media_types_have_two_names_and_nothing_else() {
        for good in ["text/plain", "application/vnd.ms-excel", "image/svg+xml", "text/x-c++"] {
            assert!(is_media_type(good), "{good}");
        }
        let long = format!("text/{}", "a".repeat(128));
        for bad in ["", "text", "text/", "/plain", "text/a/b", "text/a; b=c", "te xt/a", &long] {
            assert!(!is_media_type(bad), "{bad}");
        }
    }

    #[test]
    fn a_file_beyond_exact_integers_is_refused() {
        let mut record = FileRecord {
            path: "a".to_owned(),
            size: MAX_TOTAL_SIZE,
            media_type: "text/plain".to_owned(),
            sha256: Hash::default(),
            salt: [0; SALT_BYTES],
        };
        assert_eq!(record.validate(), Ok(()));
        record.size += 1;
        let (found, limit) = (record.size, MAX_TOTAL_SIZE);
        assert_eq!(record.validate(), Err(RecordError::Size { found, limit }));
        record.size = 0;
        record.media_type.clear();
        assert_eq!(record.validate(), Err(RecordError::MediaType));
    }
}
