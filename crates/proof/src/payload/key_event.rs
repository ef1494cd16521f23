//! `key-enrolled`, `key-rotated`, `key-revoked`: which keys may speak in a program, and since when.
//!
//! These payloads are public and never erased: they name keys, never persons.

use serde::{Deserialize, Serialize};

use super::{
    error::{FieldProblem, PayloadError},
    fields::{KeyId, NamedKey, Timestamp, count, distinct},
    kind::StatementKind,
    statement::PublicBody,
    summary::Summary,
    text::Name,
    words::words,
};

words! {
    /// What the holder of a key may do in a program.
    MemberRole {
        /// Submits work.
        Contractor = "contractor",
        /// Countersigns redaction.
        Reviewer = "reviewer",
        /// Runs holds and cases.
        Legal = "legal",
        /// Receives releases.
        Consumer = "consumer",
        /// Administers the program.
        Admin = "admin",
        /// Reads everything of the program.
        Auditor = "auditor",
    }
}

/// A key enters a program. The statement's subject is this key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyEnrolled {
    /// The key.
    pub key: NamedKey,
    /// The one program it is for.
    pub program: Name,
    /// What its holder may do, each role once.
    pub roles: Vec<MemberRole>,
    /// From when on it is valid.
    pub valid_from: Timestamp,
    /// On what ground it was enrolled.
    pub basis: EnrolmentBasis,
    /// The lost key whose holder this is; present exactly with basis `lost-key`. The new key may
    /// withdraw what the lost one submitted, and may not attest to it again.
    pub replaces: Option<KeyId>,
}

words! {
    /// On what ground a key is enrolled.
    EnrolmentBasis {
        /// First administrator of a new log.
        Bootstrap = "bootstrap",
        /// Invitation by an administrator.
        Invitation = "invitation",
        /// Identity proven again after a loss.
        LostKey = "lost-key",
    }
}

/// A key is replaced by its owner. The statement's subject is the outgoing key, since its validity
/// ends here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyRotated {
    /// The outgoing key.
    pub previous: KeyId,
    /// The key that takes over its roles.
    pub key: NamedKey,
    /// The program.
    pub program: Name,
    /// What the holder may do, each role once.
    pub roles: Vec<MemberRole>,
    /// From when on the new key is valid and the outgoing one is not.
    pub valid_from: Timestamp,
    /// Why.
    pub reason: RotationReason,
}

words! {
    /// Why a key is replaced.
    RotationReason {
        /// As planned.
        Scheduled = "scheduled",
        /// Somebody else may have it.
        SuspectedCompromise = "suspected-compromise",
        /// The owner moved to another device.
        DeviceChange = "device-change",
    }
}

/// A key ends. The statement's subject is this key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyRevoked {
    /// The key.
    pub key: KeyId,
    /// The program.
    pub program: Name,
    /// From when on it is not valid.
    pub valid_until: Timestamp,
    /// Why.
    pub reason: RevocationReason,
}

words! {
    /// Why a key ends.
    RevocationReason {
        /// Somebody else has it.
        Compromised = "compromised",
        /// The owner no longer has it.
        Lost = "lost",
        /// The owner left the program.
        LeftProgram = "left-program",
        /// It was misused.
        Misuse = "misuse",
        /// It was enrolled in error.
        EnrolledInError = "enrolled-in-error",
    }
}

impl PublicBody for KeyEnrolled {
    const KIND: StatementKind = StatementKind::KeyEnrolled;

    fn validate(&self) -> Result<(), PayloadError> {
        self.key.validate("body.key")?;
        validate_roles(&self.roles)?;
        match (self.basis == EnrolmentBasis::LostKey, self.replaces) {
            (true, None) => Err(PayloadError::field("body.replaces", FieldProblem::Missing)),
            (false, Some(_)) => Err(PayloadError::field("body.replaces", FieldProblem::Unexpected)),
            (true, Some(lost)) if lost == self.key.thumbprint => {
                Err(PayloadError::field("body.replaces", FieldProblem::Repeated))
            }
            _ => Ok(()),
        }
    }

    fn summarize(&self, summary: &mut Summary) {
        summary.add("Key", self.key);
        summary.add("Program", &self.program);
        summary.add_each("Role", &self.roles);
        summary.add("Valid from", self.valid_from);
        summary.add("Basis", self.basis);
        summary.add_some("Replaces the lost key", self.replaces.as_ref());
    }
}

impl PublicBody for KeyRotated {
    const KIND: StatementKind = StatementKind::KeyRotated;

    fn validate(&self) -> Result<(), PayloadError> {
        self.key.validate("body.key")?;
        validate_roles(&self.roles)?;
        if self.previous == self.key.thumbprint {
            return Err(PayloadError::field("body.previous", FieldProblem::Repeated));
        }
        Ok(())
    }

    fn summarize(&self, summary: &mut Summary) {
        summary.add("Outgoing key", self.previous);
        summary.add("Key", self.key);
        summary.add("Program", &self.program);
        summary.add_each("Role", &self.roles);
        summary.add("Valid from", self.valid_from);
        summary.add("Reason", self.reason);
    }
}

impl PublicBody for KeyRevoked {
    const KIND: StatementKind = StatementKind::KeyRevoked;

    fn validate(&self) -> Result<(), PayloadError> {
        Ok(())
    }

    fn summarize(&self, summary: &mut Summary) {
        summary.add("Key", self.key);
        summary.add("Program", &self.program);
        summary.add("Valid until", self.valid_until);
        summary.add("Reason", self.reason);
    }
}

fn validate_roles(roles: &[MemberRole]) -> Result<(), PayloadError> {
    count("body.roles", roles.len(), 1, MemberRole::ALL.len())?;
    distinct("body.roles", roles)
}
