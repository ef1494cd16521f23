//! Ids of what the service seals besides submissions: programs, persons, what is said about keys.
//!
//! Sealing keys are found by id, and callers choose the ids of submissions. Those here are UUIDs of
//! version 8 (RFC 9562 §5.8), which no submission may have: nobody reaches the key of a person by
//! beginning a submission of the same name, or has it destroyed by leaving that one behind.

use uuid::{Builder, Uuid, Version};

use super::{Service, ServiceError};

/// The id made of these bytes, but for the six bits that say what it is.
#[must_use]
pub const fn own_id(bytes: [u8; 16]) -> Uuid {
    Builder::from_custom_bytes(bytes).into_uuid()
}

/// Refuses a submission with an id of the service's own.
///
/// # Errors
/// [`ServiceError::Malformed`].
pub(super) fn require_submission_id(id: Uuid) -> Result<(), ServiceError> {
    if id.get_version() != Some(Version::Custom) {
        return Ok(());
    }
    Err(ServiceError::Malformed {
        what: "submission",
        reason: "UUIDs of version 8 are the service's own; choose a random one, of version 4"
            .into(),
    })
}

/// Refuses an id that a submission could have, for what is none.
///
/// # Errors
/// [`ServiceError::Malformed`].
pub(super) fn require_own_id(what: &'static str, id: Uuid) -> Result<(), ServiceError> {
    if id.get_version() == Some(Version::Custom) {
        return Ok(());
    }
    let reason = "its id is a random UUID of version 8; those of version 4 are for submissions";
    Err(ServiceError::Malformed { what, reason: reason.into() })
}

impl Service {
    /// A fresh id of the service's own.
    pub(super) fn new_own_id(&self) -> Uuid {
        own_id(self.random())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::{OsEntropy, random_uuid};

    #[test]
    fn own_ids_and_those_of_submissions_never_meet() {
        assert!(require_submission_id(random_uuid(&OsEntropy)).is_ok());
        assert!(require_submission_id(Uuid::nil()).is_ok());
        for bytes in [[0; 16], [0xff; 16], *random_uuid(&OsEntropy).as_bytes()] {
            assert!(require_submission_id(own_id(bytes)).is_err());
        }
    }
}
