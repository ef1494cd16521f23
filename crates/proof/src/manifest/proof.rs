//! Proof that some files are in a manifest, without the others.

use serde::{Deserialize, Serialize};

use super::batch::{self, BatchProofError, FILES};
use super::record::hex_hash;
use super::{FileRecord, MAX_FILES, RecordError};
use crate::hash::Hash;

/// Largest proof document, in bytes.
pub const MAX_PROOF_BYTES: usize = 128 << 20;

const SCHEMA: &str = "attestry/manifest-proof/v1";

/// Positions of files in path order, rising, and the node hashes that lead from them to the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestProof {
    indices: Vec<usize>,
    lemmas: Vec<Hash>,
}

/// Why a proof is malformed, or does not show that files are in a manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ManifestProofError {
    /// The document is longer than the limit; nothing was decoded.
    #[error("the proof has {found} bytes, the limit is {limit}")]
    TooLarge {
        /// Bytes given.
        found: usize,
        /// Most bytes accepted.
        limit: usize,
    },
    /// The bytes are not JSON of the right shape.
    #[error("the proof is not valid at line {line}, column {column}")]
    Json {
        /// Line, from one.
        line: usize,
        /// Column, from one.
        column: usize,
    },
    /// The document is of another schema or version.
    #[error("the proof is of another schema than attestry/manifest-proof/v1")]
    Schema,
    /// The positions are not in rising order.
    #[error("the positions of the proof do not rise")]
    Order,
    /// The manifest claims more files than any may have.
    #[error("a manifest of {found} files is too long, the limit is {limit}")]
    TooManyFiles {
        /// The count given.
        found: u64,
        /// Most files accepted.
        limit: usize,
    },
    /// The files to check are not those that the proof is about.
    #[error("the proof is about other positions than those asked about")]
    OtherPositions,
    /// A record is not acceptable by itself.
    #[error("file {index} of the manifest: {source}")]
    Record {
        /// Position of the file.
        index: usize,
        /// What is wrong with it.
        source: RecordError,
    },
    /// The tree does not bear the claim.
    #[error(transparent)]
    Batch(#[from] BatchProofError),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    schema: String,
    indices: Vec<usize>,
    lemmas: Vec<HexHash>,
}

#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct HexHash(#[serde(with = "hex_hash")] Hash);

impl ManifestProof {
    pub(super) fn build(leaves: &[Hash], indices: &[usize]) -> Result<Self, ManifestProofError> {
        let mut indices = indices.to_vec();
        indices.sort_unstable();
        indices.dedup();
        let lemmas = batch::prove(leaves, &indices)?;
        Ok(Self { indices, lemmas })
    }

    /// Positions that the proof is about, in path order, counted from zero.
    #[must_use]
    pub fn indices(&self) -> &[usize] {
        &self.indices
    }

    /// Hashes of the siblings that cannot be computed, from the highest node down.
    #[must_use]
    pub fn lemmas(&self) -> &[Hash] {
        &self.lemmas
    }

    /// Checks that each `(position, record)` is in the manifest with this commitment and count,
    /// both of which must come from one signed payload. The positions must be exactly the proof's.
    ///
    /// # Errors
    /// See [`ManifestProofError`].
    pub fn verify(
        &self,
        commitment: &Hash,
        count: u64,
        files: &[(usize, &FileRecord)],
    ) -> Result<(), ManifestProofError> {
        if count > MAX_FILES as u64 {
            return Err(ManifestProofError::TooManyFiles { found: count, limit: MAX_FILES });
        }
        let mut positions: Vec<usize> = files.iter().map(|(index, _)| *index).collect();
        positions.sort_unstable();
        if let Some(pair) = positions.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(BatchProofError::IndexRepeated { found: pair[0] }.into());
        }
        if positions != self.indices {
            return Err(ManifestProofError::OtherPositions);
        }
        for (index, file) in files {
            file.validate()
                .map_err(|source| ManifestProofError::Record { index: *index, source })?;
        }
        let leaves: Vec<(usize, Hash)> =
            files.iter().map(|(index, file)| (*index, file.leaf())).collect();
        Ok(batch::verify(&FILES, commitment, count, &leaves, &self.lemmas)?)
    }

    /// Writes the proof as JSON: schema, indices, lemmas in hex.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        let document = Document {
            schema: SCHEMA.to_owned(),
            indices: self.indices.clone(),
            lemmas: self.lemmas.iter().copied().map(HexHash).collect(),
        };
        // Provable here: memory takes every write, and the keys and numbers are all JSON has.
        serde_json::to_vec(&document).expect("strings and integers are JSON")
    }

    /// Reads what [`ManifestProof::to_json`] writes.
    ///
    /// # Errors
    /// [`ManifestProofError::TooLarge`], [`ManifestProofError::Json`],
    /// [`ManifestProofError::Schema`], [`ManifestProofError::Order`].
    pub fn parse(bytes: &[u8]) -> Result<Self, ManifestProofError> {
        if bytes.len() > MAX_PROOF_BYTES {
            let (found, limit) = (bytes.len(), MAX_PROOF_BYTES);
            return Err(ManifestProofError::TooLarge { found, limit });
        }
        let document: Document = serde_json::from_slice(bytes).map_err(|error| {
            ManifestProofError::Json { line: error.line(), column: error.column() }
        })?;
        if document.schema != SCHEMA {
            return Err(ManifestProofError::Schema);
        }
        let Document { indices, lemmas, .. } = document;
        if !indices.is_sorted_by(|a, b| a < b) {
            return Err(ManifestProofError::Order);
        }
        Ok(Self { indices, lemmas: lemmas.into_iter().map(|HexHash(hash)| hash).collect() })
    }
}
