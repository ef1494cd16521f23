//! Notices: anybody may send one, and follow it by a link that nobody can guess.

use std::collections::{BTreeMap, BTreeSet};

use attestry_proof::{hash::Hash, payload::case::CaseChannel};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    super::{Service, ServiceError},
    list::OPERATIONS,
    open::NewCase,
    rules_of,
};

/// Most bytes of one field.
pub const FIELD_BYTES_MAX: usize = 16_000;

/// What somebody sends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notice {
    /// On which ground, by its name in the takedown rules.
    pub ground: String,
    /// The fields of its form, by name.
    pub fields: BTreeMap<String, String>,
    /// SHA-256 of files that are objected to, in hex, if the sender has copies.
    #[serde(default)]
    pub files: Vec<String>,
}

/// What the sender is told.
#[derive(Clone, Debug)]
pub struct NoticeReceived {
    /// The case.
    pub case: Uuid,
    /// The case link.
    pub link: String,
}

impl Service {
    /// Takes a notice and opens a case, whose link is `link_base` and a secret.
    ///
    /// # Errors
    /// [`ServiceError::Malformed`] naming the fields that are missing or unknown, or a failing store,
    /// vault or log.
    pub async fn take_notice(
        &self,
        notice: &Notice,
        link_base: &str,
    ) -> Result<NoticeReceived, ServiceError> {
        self.require_form(notice)?;
        let bytes = serde_json::to_vec(notice).map_err(|error| ServiceError::Malformed {
            what: "notice",
            reason: error.to_string(),
        })?;
        let secret = hex::encode(self.random::<32>());
        let link = format!("{link_base}{secret}");
        let new = NewCase {
            program: OPERATIONS.to_owned(),
            ground: notice.ground.clone(),
            channel: CaseChannel::Notice,
            notice: Some(bytes),
            link: Some((link_digest(&secret), link.clone())),
            concerned: Vec::new(),
        };
        let case = self.open_case(new).await?;
        Ok(NoticeReceived { case, link })
    }

    fn require_form(&self, notice: &Notice) -> Result<(), ServiceError> {
        let malformed = |reason: String| ServiceError::Malformed { what: "notice", reason };
        let policies = self.policies();
        let rules = rules_of(&policies)?;
        let asked: Vec<&str> = rules
            .grounds()
            .iter()
            .filter(|ground| rules.form(ground).is_some())
            .map(|ground| ground.as_str())
            .collect();
        let ground = rules.ground(&notice.ground).filter(|ground| rules.form(ground).is_some());
        let ground = ground
            .ok_or_else(|| malformed(format!("the ground is one of: {}", asked.join(", "))))?;
        if let Some((name, text)) = notice.fields.iter().find(|(_, it)| it.len() > FIELD_BYTES_MAX)
        {
            let found = text.len();
            return Err(malformed(format!(
                "{name} has {found} bytes, at most {FIELD_BYTES_MAX} are accepted"
            )));
        }
        let form = rules.form(ground);
        let known = |name: &str| {
            attestry_policy::takedown::Field::parse(name)
                .is_some_and(|field| form.is_some_and(|form| form.asks_for(field)))
        };
        if let Some(name) = notice.fields.keys().find(|name| !known(name)) {
            return Err(malformed(format!("the form has no field {name:?}")));
        }
        let given: BTreeSet<&str> = notice
            .fields
            .iter()
            .filter(|(_, text)| !text.trim().is_empty())
            .map(|(name, _)| name.as_str())
            .collect();
        let missing = rules.missing_fields(ground, &given);
        if !missing.is_empty() {
            let names: Vec<&str> = missing.iter().map(|field| field.as_str()).collect();
            return Err(malformed(format!("these fields are missing: {}", names.join(", "))));
        }
        for (name, value) in notice.fields.iter().filter(|(_, text)| !text.trim().is_empty()) {
            let field = attestry_policy::takedown::Field::parse(name);
            let text = field.and_then(|field| rules.field(field));
            if let Some(problem) = text.and_then(|text| text.problem(value)) {
                return Err(malformed(format!("{name}: {problem}")));
            }
        }
        match notice.files.iter().find(|hex| Hash::from_hex(hex).is_none()) {
            Some(other) => Err(malformed(format!("{other:?} is no SHA-256 in lowercase hex"))),
            None => Ok(()),
        }
    }
}

/// All that is kept of a case link.
pub(super) fn link_digest(secret: &str) -> Hash {
    Hash::of_parts(&[b"attestry/case-link/v1", secret.as_bytes()])
}
