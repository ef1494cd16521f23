//! A decision in words: rule by rule, with the facts that the rules saw.

use attestry_policy::{
    access::{Action, Decision, KeyId},
    engine::{Effect, PolicyId, engine_version},
    explain::{Explanation, Outcome},
    words::{Role, State},
};
use attestry_proof::hash::Hash;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::service::explain::{Holder, Situation, Target, Work};

/// A decision, the rules that had a say in it, and the facts that they saw.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ExplainAnswer {
    /// Digest of the policy bundle, hex.
    pub policy_sha256: String,
    /// The engine that decided.
    pub engine: String,
    /// What was asked for.
    pub action: String,
    /// Whether it is allowed.
    pub allowed: bool,
    /// Names of the rules that decided.
    pub deciding: Vec<String>,
    /// Where nothing allowed it: rules that allow it in other situations.
    pub near: Vec<String>,
    /// Why no rule could be asked.
    pub fault: Option<String>,
    /// Every rule about the action.
    pub rules: Vec<RuleInfo>,
    /// The facts. Persons are numbered: only who is whom matters.
    pub request: RequestInfo,
}

/// A rule and what it says to one request.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct RuleInfo {
    /// Its name.
    pub id: String,
    /// `permit` or `forbid`.
    pub effect: String,
    /// `applies`, `does-not-apply`, `failed` or `not-asked`.
    pub outcome: String,
    /// Whether it is one of those that decided.
    pub decided: bool,
    /// Its gist in a sentence.
    pub says: Option<String>,
    /// File of the bundle.
    pub file: String,
    /// Line, counted from 1.
    pub line: usize,
}

/// Everything that rules may ask about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestInfo {
    /// Who asks; absent for somebody without credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub who: Option<HolderInfo>,
    /// To do what.
    #[schema(value_type = String, example = "review")]
    pub action: Action,
    /// To what.
    pub what: TargetInfo,
    /// The other officer, where two are needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second_officer: Option<HolderInfo>,
}

/// A key and its holder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HolderInfo {
    /// Thumbprint.
    #[schema(value_type = String)]
    pub key: KeyId,
    /// What the holder does.
    #[schema(value_type = Vec<String>)]
    pub roles: Vec<Role>,
    /// In which program.
    pub program: String,
    /// Whether the key has ended.
    #[serde(default)]
    pub revoked: bool,
    /// Who holds it; absent if unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// The lost key it was enrolled for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub replaces: Option<KeyId>,
}

/// What something is done to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum TargetInfo {
    /// The log.
    Log {
        /// Whether entries are for everybody.
        public_entries: bool,
    },
    /// A program.
    Program {
        /// Its name.
        name: String,
    },
    /// A key and its holder.
    Member(HolderInfo),
    /// A submission.
    Submission(WorkInfo),
}

/// A submission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkInfo {
    /// Its id.
    pub id: String,
    /// Key that owns it now.
    #[schema(value_type = String)]
    pub owner: KeyId,
    /// Who holds that key; absent if unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner_person: Option<String>,
    /// Its program.
    pub program: String,
    /// Whether every consent was taken back.
    #[serde(default)]
    pub withdrawn: bool,
    /// Whether a legal hold is on it.
    #[serde(default)]
    pub held: bool,
    /// Where it stands.
    #[schema(value_type = String, example = "attested")]
    pub state: State,
}

impl ExplainAnswer {
    /// Puts an explanation into words.
    #[must_use]
    pub fn new(policy: Hash, explanation: &Explanation, situation: Situation) -> Self {
        let Explanation { action, decision, rules } = explanation;
        let Decision { allowed, deciding, near, fault, failed: _ } = decision;
        let names = |ids: &[PolicyId]| ids.iter().map(|id| id.as_str().to_owned()).collect();
        let rules = rules.iter().map(|told| RuleInfo {
            id: told.rule.id.as_str().to_owned(),
            effect: match told.rule.effect {
                Effect::Permit => "permit".to_owned(),
                Effect::Forbid => "forbid".to_owned(),
            },
            outcome: match told.outcome {
                Outcome::Applies => "applies",
                Outcome::DoesNotApply => "does-not-apply",
                Outcome::Failed => "failed",
                Outcome::NotAsked => "not-asked",
            }
            .to_owned(),
            decided: deciding.contains(&told.rule.id),
            says: told.rule.says.as_deref().map(str::to_owned),
            file: told.rule.place.file.to_string(),
            line: told.rule.place.line,
        });
        Self {
            policy_sha256: policy.to_hex(),
            engine: engine_version(),
            action: (*action).to_owned(),
            allowed: *allowed,
            deciding: names(deciding),
            near: names(near),
            fault: fault.map(|fault| fault.to_string()),
            rules: rules.collect(),
            request: situation.without_names().into(),
        }
    }
}

impl From<Situation> for RequestInfo {
    fn from(situation: Situation) -> Self {
        let Situation { who, action, what, second_officer } = situation;
        let what = match what {
            Target::Log { public_entries } => TargetInfo::Log { public_entries },
            Target::Program(name) => TargetInfo::Program { name },
            Target::Member(holder) => TargetInfo::Member(holder.into()),
            Target::Submission(work) => TargetInfo::Submission(work.into()),
        };
        let (who, second_officer) = (who.map(Into::into), second_officer.map(Into::into));
        Self { who, action, what, second_officer }
    }
}

impl From<RequestInfo> for Situation {
    fn from(request: RequestInfo) -> Self {
        let RequestInfo { who, action, what, second_officer } = request;
        let what = match what {
            TargetInfo::Log { public_entries } => Target::Log { public_entries },
            TargetInfo::Program { name } => Target::Program(name),
            TargetInfo::Member(holder) => Target::Member(holder.into()),
            TargetInfo::Submission(work) => Target::Submission(work.into()),
        };
        let (who, second_officer) = (who.map(Into::into), second_officer.map(Into::into));
        Self { who, action, what, second_officer }
    }
}

impl From<Holder> for HolderInfo {
    fn from(holder: Holder) -> Self {
        let Holder { key, roles, program, revoked, person, replaces } = holder;
        Self { key, roles: roles.iter().collect(), program, revoked, person, replaces }
    }
}

impl From<HolderInfo> for Holder {
    fn from(holder: HolderInfo) -> Self {
        let HolderInfo { key, roles, program, revoked, person, replaces } = holder;
        Self { key, roles: roles.into_iter().collect(), program, revoked, person, replaces }
    }
}

impl From<Work> for WorkInfo {
    fn from(work: Work) -> Self {
        let Work { id, owner, owner_person, program, withdrawn, held, state } = work;
        Self { id, owner, owner_person, program, withdrawn, held, state }
    }
}

impl From<WorkInfo> for Work {
    fn from(work: WorkInfo) -> Self {
        let WorkInfo { id, owner, owner_person, program, withdrawn, held, state } = work;
        Self { id, owner, owner_person, program, withdrawn, held, state }
    }
}
