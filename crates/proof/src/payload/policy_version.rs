//! `policy`: the service registers the policy files it decides by.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    envelope::Tool,
    error::{FieldProblem, PayloadError},
    fields::{Digest, Timestamp, count},
    kind::StatementKind,
    statement::PublicBody,
    summary::Summary,
    text::Line,
};

/// Most files of a policy bundle.
pub const MAX_POLICY_FILES: usize = 400;

/// One version of the policies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyVersion {
    /// Digest over the paths and bytes of all files.
    pub bundle_sha256: Digest,
    /// The files, sorted by path.
    pub files: Vec<PolicyFile>,
    /// The engine that evaluates them, when one does.
    pub engine: Option<Tool>,
    /// From when on the service decides by them.
    pub effective_at: Timestamp,
}

/// A file of the bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyFile {
    /// Relative path with `/` between names.
    pub path: Line,
    /// SHA-256 of the bytes.
    pub sha256: Digest,
}

impl PublicBody for PolicyVersion {
    const KIND: StatementKind = StatementKind::Policy;

    fn validate(&self) -> Result<(), PayloadError> {
        count("body.files", self.files.len(), 1, MAX_POLICY_FILES)?;
        if !self.files.is_sorted_by(|a, b| a.path.as_str() < b.path.as_str()) {
            return Err(PayloadError::field("body.files", FieldProblem::Repeated));
        }
        if self.files.iter().any(|file| !is_relative(file.path.as_str())) {
            return Err(PayloadError::field("body.files.path", FieldProblem::Unexpected));
        }
        Ok(())
    }

    fn summarize(&self, summary: &mut Summary) {
        summary.add("Policy bundle SHA-256", self.bundle_sha256);
        summary.add_each("Policy file", &self.files);
        summary.add_some("Engine", self.engine.as_ref());
        summary.add("Effective at", self.effective_at);
    }
}

fn is_relative(path: &str) -> bool {
    !path.contains(['\\', ':']) && path.split('/').all(|name| !matches!(name, "" | "." | ".."))
}

impl fmt::Display for PolicyFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, SHA-256 {}", self.path, self.sha256)
    }
}
