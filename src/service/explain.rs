//! Why something is or would be allowed: the decision, the rules that made it, and the facts that
//! they saw.

use attestry_policy::{
    access::{
        AccessRequest, Action, ContextFacts, KeyId, MemberFacts, PrincipalFacts, ResourceFacts,
        SubmissionFacts,
    },
    explain::Explanation,
    words::{RoleSet, State},
};
use attestry_proof::{hash::Hash, key::Thumbprint};
use uuid::Uuid;

use super::{Service, ServiceError, authorize::Thing, drafts::no_submission};
use crate::store::ledger::KeyRecord;

/// Whether somebody may do something, by names that the service knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Key of whoever asks; `None` for somebody without credentials.
    pub who: Option<Thumbprint>,
    /// To do what.
    pub action: Action,
    /// To what.
    pub what: Named,
    /// Key of the other officer, where two are needed.
    pub second_officer: Option<Thumbprint>,
}

/// What something is done to, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// The log.
    Log,
    /// A program.
    Program(String),
    /// A key.
    Key(Thumbprint),
    /// A submission.
    Submission(Uuid),
    /// A submission that whoever asks begins.
    NewSubmission,
}

/// A decision, the rules that had a say in it, and the facts that they saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// Digest of the bundle that decided.
    pub policy: Hash,
    /// The decision, rule by rule.
    pub explanation: Explanation,
    /// The facts.
    pub situation: Situation,
}

impl Service {
    /// Decides as if it were asked, and says why. Caller, key and thing must be of programs whose
    /// decisions the caller may ask about.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`]; [`ServiceError::NotFound`] also for a submission of a program
    /// that the caller may not ask about, so that ids cannot be probed; or a failing store.
    pub async fn explain_decision(
        &self,
        caller: &KeyRecord,
        question: &Question,
    ) -> Result<Explained, ServiceError> {
        let may_ask = |program: &str| {
            self.authorize(Some(caller), Action::ExplainDecision, Thing::Program(program))
        };
        may_ask(&caller.program)?;
        let who = match question.who {
            Some(thumbprint) => Some(self.known_key(thumbprint, &may_ask).await?),
            None => None,
        };
        let second = match question.second_officer {
            Some(thumbprint) => Some(self.known_key(thumbprint, &may_ask).await?),
            None => None,
        };
        let (who, second) = (who.as_ref(), second.as_ref());
        let explain = |thing| self.explain_access(who, question.action, thing, second);
        Ok(match &question.what {
            Named::Log => explain(Thing::Log),
            Named::Program(name) => {
                may_ask(name)?;
                explain(Thing::Program(name))
            }
            Named::Key(thumbprint) => {
                let key = self.known_key(*thumbprint, &may_ask).await?;
                explain(Thing::Key(&key))
            }
            Named::Submission(id) => {
                let record =
                    self.ledger.submission(*id).await?.ok_or_else(|| no_submission(*id))?;
                may_ask(&record.program).map_err(|_| no_submission(*id))?;
                let owner = self.key(record.owner).await?;
                let heir = match who {
                    Some(key) => Some(self.as_heir_of(key, record.owner).await?),
                    None => None,
                };
                let thing = Thing::Submission(&record, &owner);
                self.explain_access(heir.as_deref(), question.action, thing, second)
            }
            Named::NewSubmission => match who {
                Some(_) => explain(Thing::OwnSubmission(Uuid::nil())),
                None => {
                    let reason = "a visitor has no submission".to_owned();
                    return Err(ServiceError::Malformed { what: "question", reason });
                }
            },
        })
    }

    /// The record of a key, if the caller may ask about its program.
    async fn known_key(
        &self,
        thumbprint: Thumbprint,
        may_ask: &(impl Fn(&str) -> Result<(), ServiceError> + Sync),
    ) -> Result<KeyRecord, ServiceError> {
        let not_found = || ServiceError::NotFound { what: "key", id: thumbprint.to_string() };
        let record = self.ledger.key(thumbprint).await?.ok_or_else(not_found)?;
        may_ask(&record.program)?;
        Ok(record)
    }
}

/// A question with all facts that rules may ask about, owned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Situation {
    /// Who asks; `None` for somebody without credentials.
    pub who: Option<Holder>,
    /// To do what.
    pub action: Action,
    /// To what.
    pub what: Target,
    /// The other officer, where two are needed.
    pub second_officer: Option<Holder>,
}

/// A key and its holder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Thumbprint.
    pub key: KeyId,
    /// What the holder does in `program`.
    pub roles: RoleSet,
    /// The one program of the key.
    pub program: String,
    /// Whether the key has ended.
    pub revoked: bool,
    /// Who holds it: the same text for all keys of one person. `None` if unknown.
    pub person: Option<String>,
    /// The lost key it was enrolled for.
    pub replaces: Option<KeyId>,
}

/// What something is done to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// The log.
    Log {
        /// Whether entries are for everybody.
        public_entries: bool,
    },
    /// A program, by name.
    Program(String),
    /// A key and its holder.
    Member(Holder),
    /// A submission.
    Submission(Work),
}

/// A submission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Work {
    /// UUID in its usual form.
    pub id: String,
    /// Key that owns it now.
    pub owner: KeyId,
    /// Who holds that key; `None` if unknown.
    pub owner_person: Option<String>,
    /// Its program.
    pub program: String,
    /// Whether every consent was taken back.
    pub withdrawn: bool,
    /// Whether a legal hold is on it.
    pub held: bool,
    /// Where it stands.
    pub state: State,
}

impl Situation {
    /// The same as the rules are asked it.
    #[must_use]
    pub fn request(&self) -> AccessRequest<'_> {
        AccessRequest {
            principal: match &self.who {
                None => PrincipalFacts::Visitor,
                Some(holder) => PrincipalFacts::Member(holder.facts()),
            },
            action: self.action,
            resource: match &self.what {
                Target::Log { public_entries } => {
                    ResourceFacts::Log { public_entries: *public_entries }
                }
                Target::Program(name) => ResourceFacts::Program(name),
                Target::Member(holder) => ResourceFacts::Member(holder.facts()),
                Target::Submission(work) => ResourceFacts::Submission(work.facts()),
            },
            context: ContextFacts {
                second_officer: self.second_officer.as_ref().map(Holder::facts),
            },
        }
    }

    /// Puts "person-1" and so on in place of what says who somebody is; who is whom stays the same.
    #[must_use]
    pub fn without_names(mut self) -> Self {
        let mut known: Vec<String> = Vec::new();
        let mut rename = |person: &mut Option<String>| {
            let Some(name) = person else { return };
            let position = known.iter().position(|other| other == name).unwrap_or_else(|| {
                known.push(name.clone());
                known.len() - 1
            });
            *name = format!("person-{}", position + 1);
        };
        if let Some(holder) = &mut self.who {
            rename(&mut holder.person);
        }
        match &mut self.what {
            Target::Member(holder) => rename(&mut holder.person),
            Target::Submission(work) => rename(&mut work.owner_person),
            Target::Log { .. } | Target::Program(_) => {}
        }
        if let Some(holder) = &mut self.second_officer {
            rename(&mut holder.person);
        }
        self
    }
}

impl From<&AccessRequest<'_>> for Situation {
    fn from(request: &AccessRequest<'_>) -> Self {
        Self {
            who: match request.principal {
                PrincipalFacts::Visitor => None,
                PrincipalFacts::Member(facts) => Some(facts.into()),
            },
            action: request.action,
            what: match request.resource {
                ResourceFacts::Log { public_entries } => Target::Log { public_entries },
                ResourceFacts::Program(name) => Target::Program(name.to_owned()),
                ResourceFacts::Member(facts) => Target::Member(facts.into()),
                ResourceFacts::Submission(facts) => Target::Submission(Work {
                    id: facts.id.to_owned(),
                    owner: facts.owner,
                    owner_person: facts.owner_person.map(str::to_owned),
                    program: facts.program.to_owned(),
                    withdrawn: facts.withdrawn,
                    held: facts.held,
                    state: facts.state,
                }),
            },
            second_officer: request.context.second_officer.map(Holder::from),
        }
    }
}

impl From<MemberFacts<'_>> for Holder {
    fn from(facts: MemberFacts<'_>) -> Self {
        Self {
            key: facts.key,
            roles: facts.roles,
            program: facts.program.to_owned(),
            revoked: facts.revoked,
            person: facts.person.map(str::to_owned),
            replaces: facts.replaces,
        }
    }
}

impl Holder {
    fn facts(&self) -> MemberFacts<'_> {
        MemberFacts {
            key: self.key,
            roles: self.roles,
            program: &self.program,
            revoked: self.revoked,
            person: self.person.as_deref(),
            replaces: self.replaces,
        }
    }
}

impl Work {
    fn facts(&self) -> SubmissionFacts<'_> {
        SubmissionFacts {
            id: &self.id,
            owner: self.owner,
            owner_person: self.owner_person.as_deref(),
            program: &self.program,
            withdrawn: self.withdrawn,
            held: self.held,
            state: self.state,
        }
    }
}
