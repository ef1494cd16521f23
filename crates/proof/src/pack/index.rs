//! The index of a pack: which log and position it is of, and every file by its digest.

use serde::{Deserialize, Serialize};

use crate::payload::fields::{Digest, SubmissionId};

/// Schema of an index.
pub const PACK_SCHEMA: &str = "attestry/pack/v1";
/// Largest index, in bytes.
pub const MAX_INDEX_BYTES: usize = 256 << 20;
/// Most files in a pack.
pub const MAX_PACK_FILES: usize = 500_000;

/// Names every file of a pack but itself and its signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackIndex {
    /// [`PACK_SCHEMA`].
    pub schema: String,
    /// The log.
    pub origin: String,
    /// The submission.
    pub subject: SubmissionId,
    /// Number of log entries that were looked through: the size of the checkpoint.
    pub size: u64,
    /// The root at that size.
    pub root: Digest,
    /// The size of the first checkpoint.
    pub first_size: u64,
    /// For whom payloads were left out.
    pub reader: Reader,
    /// Whether the files of the submission are in it.
    pub natives: bool,
    /// Those of them that were erased, by SHA-256, in ascending order.
    pub erased_files: Vec<Digest>,
    /// The files, in ascending order of their paths.
    pub files: Vec<PackFile>,
}

/// Whose eyes a pack is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reader {
    /// Legal officers: nothing is left out.
    Legal,
    /// Auditors: nothing is left out.
    Auditor,
    /// Whoever submitted it.
    Contractor,
    /// Whoever reviews it.
    Reviewer,
    /// Whoever receives releases.
    Consumer,
    /// Anybody: only what is public anyway.
    Public,
}

impl Reader {
    /// Every reader.
    pub const ALL: [Self; 6] = [
        Self::Legal,
        Self::Auditor,
        Self::Contractor,
        Self::Reviewer,
        Self::Consumer,
        Self::Public,
    ];

    /// Whether nothing is left out for it.
    #[must_use]
    pub const fn is_shown_all(self) -> bool {
        matches!(self, Self::Legal | Self::Auditor)
    }

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Legal => "legal",
            Self::Auditor => "auditor",
            Self::Contractor => "contractor",
            Self::Reviewer => "reviewer",
            Self::Consumer => "consumer",
            Self::Public => "public",
        }
    }

    /// Reads what [`Reader::as_str`] writes.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reader| reader.as_str() == word)
    }
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackFile {
    /// Relative path with `/` between names.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256 of the bytes.
    pub sha256: Digest,
}

/// Why bytes are not an index.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IndexError {
    /// There is none.
    #[error("there is no index, and what is there belongs into a pack")]
    Missing,
    /// It is longer than the limit; nothing was decoded.
    #[error("the index has {found} bytes, the limit is {limit}")]
    TooLarge {
        /// Bytes given.
        found: usize,
        /// Most bytes accepted.
        limit: usize,
    },
    /// It is no JSON of the right shape.
    #[error("the index is not valid at line {line}, column {column}")]
    Json {
        /// Line, from one.
        line: usize,
        /// Column, from one.
        column: usize,
    },
    /// It is of another schema or version.
    #[error("the index is of another schema than {PACK_SCHEMA}")]
    Schema,
    /// It names too many files.
    #[error("the index names {found} files, the limit is {limit}")]
    Files {
        /// Files named.
        found: usize,
        /// Most files accepted.
        limit: usize,
    },
    /// A path is not one that a pack may have.
    #[error("the index names {path:?}, which is no path of a pack")]
    Path {
        /// The path.
        path: String,
    },
    /// Paths are not in ascending order, or one is there twice.
    #[error("the index names {path:?} out of order or twice")]
    Order {
        /// The path.
        path: String,
    },
    /// Erased files are not in ascending order, each once.
    #[error("the index names erased files out of order or twice")]
    ErasedFiles,
    /// The first checkpoint is of a larger log than the last.
    #[error("the first checkpoint is of {first} entries, the last of {last}")]
    Sizes {
        /// Size of the first.
        first: u64,
        /// Size of the last.
        last: u64,
    },
}

impl PackIndex {
    /// Reads an index.
    ///
    /// # Errors
    /// See [`IndexError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, IndexError> {
        if bytes.len() > MAX_INDEX_BYTES {
            return Err(IndexError::TooLarge { found: bytes.len(), limit: MAX_INDEX_BYTES });
        }
        let index: Self = serde_json::from_slice(bytes)
            .map_err(|error| IndexError::Json { line: error.line(), column: error.column() })?;
        index.check()?;
        Ok(index)
    }

    /// Whether the bytes claim to be an index: of any version.
    #[must_use]
    pub fn is_one(bytes: &[u8]) -> bool {
        #[derive(Deserialize)]
        struct Head {
            schema: String,
        }
        bytes.len() <= MAX_INDEX_BYTES
            && serde_json::from_slice::<Head>(bytes)
                .is_ok_and(|head| head.schema.starts_with("attestry/pack/"))
    }

    fn check(&self) -> Result<(), IndexError> {
        if self.schema != PACK_SCHEMA {
            return Err(IndexError::Schema);
        }
        if self.files.len() > MAX_PACK_FILES {
            return Err(IndexError::Files { found: self.files.len(), limit: MAX_PACK_FILES });
        }
        if self.first_size > self.size {
            return Err(IndexError::Sizes { first: self.first_size, last: self.size });
        }
        if !self.erased_files.is_sorted_by(|a, b| a < b) {
            return Err(IndexError::ErasedFiles);
        }
        let mut before = "";
        for PackFile { path, .. } in &self.files {
            if !is_path(path) || path == super::INDEX || path == super::SIGNATURE {
                return Err(IndexError::Path { path: path.clone() });
            }
            if path.as_str() <= before {
                return Err(IndexError::Order { path: path.clone() });
            }
            before = path;
        }
        Ok(())
    }

    /// JSON as it is written and signed: the same index, the same bytes.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        // Serialising fails for maps with keys that are not strings; there are no maps.
        let mut bytes = serde_json::to_vec_pretty(self).expect("an index holds no maps");
        bytes.push(b'\n');
        bytes
    }
}

/// Longest path, in bytes: one of a manifest, under a directory.
const MAX_PATH_BYTES: usize = 4096 + 64;

/// Whether it is a relative path that stays inside wherever it is unpacked.
fn is_path(path: &str) -> bool {
    let fits = |name: &str| !name.is_empty() && name != "." && name != "..";
    let odd = |letter: char| letter.is_control() || letter == '\\';
    let drive = matches!(path.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic());
    path.len() <= MAX_PATH_BYTES && path.split('/').all(fits) && !path.contains(odd) && !drive
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::Hash;

    fn index(paths: &[&str]) -> PackIndex {
        let file = |path: &&str| PackFile {
            path: (*path).to_owned(),
            size: 1,
            sha256: Digest(Hash::of(path.as_bytes())),
        };
        PackIndex {
            schema: PACK_SCHEMA.to_owned(),
            origin: "example.org/log".to_owned(),
            subject: SubmissionId(uuid::Uuid::from_u128(7)),
            size: 9,
            root: Digest(Hash::of(b"root")),
            first_size: 3,
            reader: Reader::Legal,
            natives: false,
            erased_files: Vec::new(),
            files: paths.iter().map(file).collect(),
        }
    }

    #[test]
    fn an_index_reads_back_as_it_is_written() {
        let index = index(&["README.txt", "files/request/a:b", "payloads/x.json"]);
        let bytes = index.to_json();
        assert!(PackIndex::is_one(&bytes));
        assert_eq!(PackIndex::parse(&bytes), Ok(index));
    }

    #[test]
    fn what_no_pack_has_is_refused() {
        let refusal = |paths: &[&str]| PackIndex::parse(&index(paths).to_json()).unwrap_err();
        for path in [
            "",
            "/a",
            "a/",
            "a//b",
            "../a",
            "a/../b",
            "./a",
            "a\\b",
            "C:/a",
            "a\nb",
            "pack.json",
            "pack.cose",
        ] {
            assert_eq!(refusal(&[path]), IndexError::Path { path: path.to_owned() }, "{path:?}");
        }
        for paths in [["b", "a"], ["a", "a"]] {
            let path = "a".to_owned();
            assert_eq!(refusal(&paths), IndexError::Order { path });
        }
        let later = PackIndex { first_size: 10, ..index(&[]) };
        let refused = IndexError::Sizes { first: 10, last: 9 };
        assert_eq!(PackIndex::parse(&later.to_json()), Err(refused));
        let other = PackIndex { schema: "attestry/pack/v2".to_owned(), ..index(&[]) };
        assert!(PackIndex::is_one(&other.to_json()));
        assert_eq!(PackIndex::parse(&other.to_json()), Err(IndexError::Schema));
    }

    #[test]
    fn other_json_is_no_index() {
        for bytes in
            [&b"{}"[..], b"[]", b"", b"{\"schema\":1}", b"{\"schema\":\"attestry/openings/v1\"}"]
        {
            assert!(!PackIndex::is_one(bytes));
            assert!(PackIndex::parse(bytes).is_err());
        }
    }

    #[test]
    fn every_reader_reads_back() {
        for reader in Reader::ALL {
            assert_eq!(Reader::parse(reader.as_str()), Some(reader));
        }
        assert_eq!(Reader::parse("anybody"), None);
    }
}
