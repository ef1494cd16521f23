//! What a submission's contractor stated last, of each kind and about each side.

use attestry_proof::{
    hash::Hash,
    manifest::Role,
    payload::{StatementKind, fields::Digest},
};
use uuid::Uuid;

use super::{client::Client, output::Failure};
use crate::http::routes::submissions::CustodyInfo;

/// Label of the line that says which side a manifest is of.
const SIDE: &str = "Side of the submission";

/// The newest statement of each kind and side, in the order of the log.
#[derive(Debug)]
pub struct Newest {
    /// The submission.
    pub submission: Uuid,
    leaves: Vec<(String, Digest)>,
}

impl Newest {
    /// Reads the record of a submission.
    ///
    /// # Errors
    /// A [`Failure`] if it is not for this key, or nothing was attested about it.
    pub async fn about(client: &Client, submission: Uuid) -> Result<Self, Failure> {
        let events = client.custody(submission).await?;
        let mut leaves: Vec<(String, Digest)> = Vec::new();
        for event in &events {
            let Some(key) = key_of(event) else { continue };
            let leaf = Hash::from_hex(&event.leaf_hash).ok_or_else(|| {
                Failure::service("the service answered with a malformed leaf hash")
            })?;
            leaves.retain(|(known, _)| *known != key);
            leaves.push((key, Digest(leaf)));
        }
        match leaves.is_empty() {
            true => Err(Failure::refused("nothing was attested about this submission")),
            false => Ok(Self { submission, leaves }),
        }
    }

    /// All leaf hashes.
    pub fn leaves(&self) -> Vec<Digest> {
        self.leaves.iter().map(|(_, leaf)| *leaf).collect()
    }

    /// The leaf hash of the statement of this kind, and about this side for a manifest.
    pub fn of(&self, kind: StatementKind, side: Option<Role>) -> Option<Digest> {
        let wanted = key(kind, side.map(Role::as_str));
        self.leaves.iter().find(|(key, _)| *key == wanted).map(|(_, leaf)| *leaf)
    }
}

fn key_of(event: &CustodyInfo) -> Option<String> {
    let kind = event.kind.as_deref().and_then(StatementKind::parse)?;
    if !kind.is_contractor() || kind == StatementKind::Withdrawal {
        return None;
    }
    let mut lines = event.summary.iter().flatten();
    let side = lines.find(|(label, _)| kind == StatementKind::Manifest && label == SIDE);
    Some(key(kind, side.map(|(_, side)| side.as_str())))
}

fn key(kind: StatementKind, side: Option<&str>) -> String {
    format!("{kind} {}", side.unwrap_or_default())
}
