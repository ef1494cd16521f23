//! Who may do what. Nothing is allowed that is not listed here.

use std::fmt;

use crate::{
    service::ServiceError,
    store::ledger::{KeyRecord, Role},
};

/// Something a caller asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Register a contractor's statement.
    Attest,
    /// Upload files and payloads of a submission.
    Upload,
    /// Read what belongs to a submission of one's own.
    ReadOwn,
    /// Read what belongs to a submission of somebody else.
    ReadAny,
    /// Invite a member.
    Invite,
    /// Revoke a key of somebody else.
    RevokeAny,
    /// Read entry bundles that are not public.
    ReadEntries,
}

impl Action {
    const fn roles(self) -> (&'static [Role], &'static str) {
        match self {
            Self::Attest | Self::Upload => (&[Role::Contractor], "contractor"),
            Self::ReadOwn | Self::ReadEntries => (Role::ALL, "any"),
            Self::ReadAny => (&[Role::Legal, Role::Reviewer], "legal, reviewer"),
            Self::Invite | Self::RevokeAny => (&[Role::Admin], "admin"),
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Attest => "attesting",
            Self::Upload => "uploading",
            Self::ReadOwn => "reading one's own submission",
            Self::ReadAny => "reading somebody else's submission",
            Self::Invite => "inviting",
            Self::RevokeAny => "revoking somebody else's key",
            Self::ReadEntries => "reading entry bundles",
        })
    }
}

/// Allows the action if one of the key's roles may do it.
///
/// # Errors
/// [`ServiceError::Forbidden`], naming the roles that may.
pub fn authorize(key: &KeyRecord, action: Action) -> Result<(), ServiceError> {
    let (roles, required) = action.roles();
    if roles.iter().any(|role| key.roles.contains(*role)) {
        return Ok(());
    }
    Err(ServiceError::Forbidden { action, required, found: key.roles.to_words() })
}

#[cfg(test)]
mod tests {
    use attestry_proof::{key::PublicKey, size::LeafIndex};

    use super::*;
    use crate::{
        keys::{LocalSigner, Signer as _},
        store::ledger::Roles,
    };

    fn key_with(roles: Vec<Role>) -> KeyRecord {
        let key: PublicKey = LocalSigner::from_seed(&[7; 32]).unwrap().public_key();
        KeyRecord {
            key,
            roles: Roles::new(roles),
            program: "main".into(),
            enrolled: LeafIndex(2),
            revoked: None,
            version: 1,
        }
    }

    #[test]
    fn no_role_means_nothing_is_allowed() {
        let nobody = key_with(vec![]);
        for action in
            [Action::Attest, Action::Upload, Action::ReadOwn, Action::ReadAny, Action::Invite]
        {
            assert!(
                matches!(authorize(&nobody, action), Err(ServiceError::Forbidden { .. })),
                "{action}"
            );
        }
    }

    #[test]
    fn an_admin_does_not_attest_and_a_contractor_does_not_invite() {
        assert!(authorize(&key_with(vec![Role::Admin]), Action::Attest).is_err());
        assert!(authorize(&key_with(vec![Role::Contractor]), Action::Invite).is_err());
        assert!(authorize(&key_with(vec![Role::Admin]), Action::Invite).is_ok());
        assert!(authorize(&key_with(vec![Role::Contractor]), Action::Attest).is_ok());
    }
}
