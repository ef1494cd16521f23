//! The keys that signed what a pack holds: how each came into the log, and left it.

use serde::{Deserialize, Serialize};

use crate::{
    payload::{
        Payload,
        fields::{KeyBytes, KeyId},
        key_event::MemberRole,
        text::Name,
    },
    size::LeafIndex,
};

/// Schema of a written history.
const SCHEMA: &str = "attestry/keys/v1";

/// Changes of keys, in the order of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyHistory {
    /// `attestry/keys/v1`.
    pub schema: String,
    /// The changes.
    pub changes: Vec<KeyChange>,
}

/// A key came or went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyChange {
    /// Position of the statement.
    pub index: u64,
    /// Kind of statement.
    pub event: String,
    /// The key that came; absent where none did.
    pub key: Option<KeyId>,
    /// Its bytes.
    pub public_key: Option<KeyBytes>,
    /// The key that ended; absent where none did.
    pub ended: Option<KeyId>,
    /// The lost key of the same holder.
    pub replaces: Option<KeyId>,
    /// The program.
    pub program: Option<Name>,
    /// What its holder may do.
    pub roles: Vec<MemberRole>,
    /// Why.
    pub reason: String,
}

impl KeyHistory {
    /// The history that these statements tell.
    #[must_use]
    pub fn of<'a>(payloads: impl IntoIterator<Item = (LeafIndex, &'a Payload)>) -> Self {
        let changes = payloads.into_iter().filter_map(|(index, payload)| change(index, payload));
        Self { schema: SCHEMA.to_owned(), changes: changes.collect() }
    }

    /// JSON as it is written into a pack: the same history, the same bytes.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        // Serialising fails for maps with keys that are not strings; there are no maps.
        let mut bytes = serde_json::to_vec_pretty(self).expect("a history holds no maps");
        bytes.push(b'\n');
        bytes
    }
}

fn change(index: LeafIndex, payload: &Payload) -> Option<KeyChange> {
    let none = KeyChange {
        index: index.0,
        event: payload.kind().as_str().to_owned(),
        key: None,
        public_key: None,
        ended: None,
        replaces: None,
        program: None,
        roles: Vec::new(),
        reason: String::new(),
    };
    match payload {
        Payload::Genesis(said) => {
            let key = &said.body().service_key;
            let reason = "service key of the log".to_owned();
            let (public_key, key) = (Some(key.public_key), Some(key.thumbprint));
            Some(KeyChange { key, public_key, reason, ..none })
        }
        Payload::KeyEnrolled(said) => {
            let said = said.body();
            Some(KeyChange {
                key: Some(said.key.thumbprint),
                public_key: Some(said.key.public_key),
                replaces: said.replaces,
                program: Some(said.program.clone()),
                roles: said.roles.clone(),
                reason: said.basis.to_string(),
                ..none
            })
        }
        Payload::KeyRotated(said) => {
            let said = said.body();
            Some(KeyChange {
                key: Some(said.key.thumbprint),
                public_key: Some(said.key.public_key),
                ended: Some(said.previous),
                program: Some(said.program.clone()),
                roles: said.roles.clone(),
                reason: said.reason.to_string(),
                ..none
            })
        }
        Payload::KeyRevoked(said) => {
            let said = said.body();
            let (ended, program) = (Some(said.key), Some(said.program.clone()));
            Some(KeyChange { ended, program, reason: said.reason.to_string(), ..none })
        }
        _ => None,
    }
}
