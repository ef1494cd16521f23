//! `manifest`: a contractor commits to the files of one side of a submission.

use serde::{Deserialize, Serialize};

use super::{
    envelope::{Envelope, ManifestCommitment, ManifestRole},
    error::{FieldProblem, PayloadError},
    fields::Digest,
    kind::StatementKind,
    statement::AttestationBody,
    summary::Summary,
};

/// Commitment to a file list; the list itself is sealed apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Which side of the submission.
    pub role: ManifestRole,
    /// Number of files, at least 1.
    pub count: u64,
    /// Bytes of all files together.
    pub total_size: u64,
    /// Commitment over the file records.
    pub commitment: Digest,
}

impl AttestationBody for Manifest {
    const KIND: StatementKind = StatementKind::Manifest;

    fn validate(&self, envelope: &Envelope) -> Result<(), PayloadError> {
        let Self { role, count, commitment, .. } = *self;
        if envelope.manifests.contains(&ManifestCommitment { role, commitment, count }) {
            Ok(())
        } else {
            Err(PayloadError::field("body.commitment", FieldProblem::Contradiction))
        }
    }

    fn summarize(&self, summary: &mut Summary) {
        summary.add("Side of the submission", self.role);
        summary.add("Files", self.count);
        summary.add("Bytes", self.total_size);
        summary.add("Commitment", self.commitment);
    }
}
