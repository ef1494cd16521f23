//! `manifest`: a contractor commits to the files of one side of a submission.

use serde::{Deserialize, Serialize};

use super::{
    envelope::{Envelope, ManifestCommitment},
    error::{FieldProblem, PayloadError},
    fields::Digest,
    kind::StatementKind,
    statement::AttestationBody,
    summary::Summary,
};
use crate::manifest::{self, MAX_TOTAL_SIZE, Role};

/// Commitment to a file list; the list itself is sealed apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Which side of the submission.
    pub role: Role,
    /// Number of files, at least 1.
    pub count: u64,
    /// Bytes of all files together.
    pub total_size: u64,
    /// Commitment over the file records.
    pub commitment: Digest,
}

impl Manifest {
    /// Commits to `manifest`.
    #[must_use]
    pub fn of(manifest: &manifest::Manifest) -> Self {
        let ManifestCommitment { role, commitment, count } = ManifestCommitment::of(manifest);
        Self { role, count, total_size: manifest.total_size(), commitment }
    }
}

impl AttestationBody for Manifest {
    const KIND: StatementKind = StatementKind::Manifest;

    fn validate(&self, envelope: &Envelope) -> Result<(), PayloadError> {
        let Self { role, count, commitment, total_size } = *self;
        if total_size > MAX_TOTAL_SIZE {
            let problem = FieldProblem::Range { found: total_size, min: 0, max: MAX_TOTAL_SIZE };
            return Err(PayloadError::field("body.total_size", problem));
        }
        if envelope.manifests.contains(&ManifestCommitment { role, commitment, count }) {
            Ok(())
        } else {
            Err(PayloadError::field("body.commitment", FieldProblem::Contradiction))
        }
    }

    fn summarize(&self, summary: &mut Summary) {
        summary.add("Side of the submission", self.role.as_str());
        summary.add("Files", self.count);
        summary.add("Bytes", self.total_size);
        summary.add("Commitment", self.commitment);
    }
}
