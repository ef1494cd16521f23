//! The openings document: everything a commitment commits to, kept apart from it.

use serde::{Deserialize, Serialize};

use super::record::hex_hash;
use super::{FileRecord, Manifest, ManifestError, Role};
use crate::hash::Hash;

/// Largest openings document, in bytes.
pub const MAX_OPENINGS_BYTES: usize = 512 << 20;

const SCHEMA: &str = "attestry/openings/v1";

#[derive(Serialize)]
struct Writer<'a> {
    schema: &'static str,
    role: Role,
    count: u64,
    total_size: u64,
    #[serde(with = "hex_hash")]
    commitment: Hash,
    files: &'a [FileRecord],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reader {
    schema: String,
    role: Role,
    count: u64,
    total_size: u64,
    #[serde(with = "hex_hash")]
    commitment: Hash,
    files: Vec<FileRecord>,
}

/// Why bytes are not an openings document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpeningsError {
    /// The document is longer than the limit; nothing was decoded.
    #[error("the openings have {found} bytes, the limit is {limit}")]
    TooLarge {
        /// Bytes given.
        found: usize,
        /// Most bytes accepted.
        limit: usize,
    },
    /// The bytes are not JSON of the right shape.
    #[error("the openings are not valid at line {line}, column {column}")]
    Json {
        /// Line, from one.
        line: usize,
        /// Column, from one.
        column: usize,
    },
    /// The document is of another schema or version.
    #[error("the openings are of another schema than attestry/openings/v1")]
    Schema,
    /// The files are not a manifest.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// The count is not that of the files.
    #[error("the openings say {required} files and list {found}")]
    Count {
        /// Files listed.
        found: u64,
        /// Files stated.
        required: u64,
    },
    /// The total size is not that of the files.
    #[error("the openings say {required} bytes and the files have {found}")]
    TotalSize {
        /// Sum of the sizes listed.
        found: u64,
        /// Sum stated.
        required: u64,
    },
    /// The commitment is not that of the files.
    #[error("the openings say commitment {required} and the files have {found}")]
    Commitment {
        /// Commitment of the files listed.
        found: Hash,
        /// Commitment stated.
        required: Hash,
    },
}

impl Manifest {
    /// Writes the openings as JSON: schema, role, count, total size, commitment, files in path
    /// order.
    #[must_use]
    pub fn to_openings(&self) -> Vec<u8> {
        let document = Writer {
            schema: SCHEMA,
            role: self.role,
            count: self.count(),
            total_size: self.total_size,
            commitment: self.commitment,
            files: &self.files,
        };
        // Provable here: memory takes every write, and the keys and numbers are all JSON has.
        serde_json::to_vec(&document).expect("strings and integers are JSON")
    }

    /// Reads openings and checks that count, total size and commitment are those of the files.
    ///
    /// # Errors
    /// See [`OpeningsError`].
    pub fn parse_openings(bytes: &[u8]) -> Result<Self, OpeningsError> {
        if bytes.len() > MAX_OPENINGS_BYTES {
            return Err(OpeningsError::TooLarge { found: bytes.len(), limit: MAX_OPENINGS_BYTES });
        }
        let document: Reader = serde_json::from_slice(bytes)
            .map_err(|error| OpeningsError::Json { line: error.line(), column: error.column() })?;
        if document.schema != SCHEMA {
            return Err(OpeningsError::Schema);
        }
        let manifest = Self::new(document.role, document.files)?;
        let (found, required) = (manifest.count(), document.count);
        if found != required {
            return Err(OpeningsError::Count { found, required });
        }
        let (found, required) = (manifest.total_size, document.total_size);
        if found != required {
            return Err(OpeningsError::TotalSize { found, required });
        }
        let (found, required) = (manifest.commitment, document.commitment);
        if found != required {
            return Err(OpeningsError::Commitment { found, required });
        }
        Ok(manifest)
    }
}
