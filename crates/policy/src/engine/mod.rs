//! The rules of one bundle, ready to decide.
//!
//! Nothing is allowed without a permit that applies. A rule that fails to evaluate, and facts that
//! contradict each other, allow nothing either: Cedar alone would skip a forbid that fails.

mod probe;
mod slice;

pub use crate::rules::{Effect, PolicyId, Rule};
use crate::{
    Digest,
    access::{
        AccessRequest, Action, Decision, PrincipalFacts,
        entities::{Question, Vocabulary},
        shape::{Mentioned, Shape},
    },
    bundle::bundle_digest,
    clearance::{ClearanceDecision, ClearanceFacts, Missing, Weighed, dossier},
    explain::{Explanation, Outcome, RuleOutcome},
    load::LoadError,
    memo::Memo,
    rules::{self, LoadedRule, Scope},
};
use slice::Slice;
pub(crate) use slice::Verdict;

/// Why no rule can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Fault {
    /// The resource is not of the kind that the action is done to.
    #[error("this action is not done to this kind of thing")]
    WrongResource,
    /// One key is described twice, differently.
    #[error("the facts describe one key in two ways")]
    Contradiction,
    /// The rules' language cannot hold the facts.
    #[error("the facts cannot be put into the rules' language")]
    Facts,
}

/// The rules of one bundle.
pub struct PolicyEngine {
    digest: Digest,
    words: Vocabulary,
    rules: Vec<LoadedRule>,
    access: Vec<Slice>,
    clearance: Slice,
    /// `None` if the rules mention too many names for shapes to be told apart.
    mentioned: Option<Mentioned>,
    decisions: Memo<Shape, Decision>,
    clearances: Memo<Weighed, ClearanceDecision>,
}

impl PolicyEngine {
    /// Reads the schema and every `*.cedar` file of a bundle, given as (path, bytes) with `/`
    /// between names; other files only count for the digest. All rules are checked strictly, and
    /// the schema against the facts that this program gives.
    ///
    /// # Errors
    /// See [`LoadError`]; the first fault in the order of files and lines.
    pub fn load(files: &[(&str, &[u8])]) -> Result<Self, LoadError> {
        let digest = bundle_digest(files)?;
        let (schema, rules) = rules::load(files)?;
        let words = Vocabulary::new();
        let slice = |scope| Slice::new(&schema, &rules, scope);
        let access = Action::ALL.iter().map(|action| slice(Scope::of(&schema, *action))).collect();
        let clearance = slice(Scope::of_clearance(&schema));
        let mentioned = Mentioned::by(rules.iter().map(|loaded| &loaded.policy));
        let (decisions, clearances) = (Memo::new(), Memo::new());
        let engine =
            Self { digest, words, rules, access, clearance, mentioned, decisions, clearances };
        probe::probe(&engine, &schema)?;
        Ok(engine)
    }

    /// Digest of the bundle.
    #[must_use]
    pub const fn digest(&self) -> &Digest {
        &self.digest
    }

    /// All rules, by file and line.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter().map(|loaded| &loaded.rule)
    }

    /// The rule of this name; `None` if there is none, as for `default-deny`.
    #[must_use]
    pub fn rule(&self, id: &PolicyId) -> Option<&Rule> {
        self.rules().find(|rule| rule.id == *id)
    }

    /// Rules that are never asked, by file and line: they are about actions of the schema that this
    /// program does not know.
    pub fn unasked(&self) -> impl Iterator<Item = &Rule> {
        let is_asked = |index: usize| {
            let mut slices = self.access.iter().chain([&self.clearance]);
            slices.any(|slice| slice.rules().any(|asked| asked == index))
        };
        let rules = self.rules.iter().enumerate();
        rules.filter(move |(index, _)| !is_asked(*index)).map(|(_, loaded)| &loaded.rule)
    }

    /// Actions that no rule permits, so that they are allowed to nobody.
    pub fn unpermitted(&self) -> impl Iterator<Item = Action> {
        let slices = Action::ALL.iter().zip(&self.access);
        slices.filter(|(_, slice)| slice.permits(&self.rules).is_empty()).map(|(action, _)| *action)
    }

    /// Whether the request is allowed, and by which rules.
    #[must_use]
    pub fn decide(&self, request: &AccessRequest<'_>) -> Decision {
        let Some(mentioned) = &self.mentioned else { return self.decide_afresh(request) };
        self.decisions.get_or(mentioned.shape(request), || self.decide_afresh(request))
    }

    /// The same, worked out by the rules whether or not it is known.
    #[must_use]
    pub fn decide_afresh(&self, request: &AccessRequest<'_>) -> Decision {
        let slice = &self.access[request.action.index()];
        match self.ask(request, slice) {
            Ok(Some(verdict)) => Decision {
                near: if verdict.is_default() { slice.permits(&self.rules) } else { Vec::new() },
                allowed: verdict.allowed,
                deciding: verdict.deciding,
                failed: verdict.failed,
                fault: None,
            },
            Ok(None) => refused(slice.permits(&self.rules), None),
            Err(fault) => refused(Vec::new(), Some(fault)),
        }
    }

    /// The decision, and what each rule about the action says to the request.
    #[must_use]
    pub fn explain(&self, request: &AccessRequest<'_>) -> Explanation {
        let slice = &self.access[request.action.index()];
        let decision = self.decide_afresh(request);
        let is_asked = decision.fault.is_none() && may_ask(request);
        let rules = slice.rules().map(|index| {
            let loaded = &self.rules[index];
            let alone = slice.alone(loaded);
            let outcome = match self.ask(request, &alone).ok().flatten() {
                Some(verdict) if is_asked => Outcome::of(&verdict, loaded.rule.effect),
                _ => Outcome::NotAsked,
            };
            RuleOutcome { rule: loaded.rule.clone(), outcome }
        });
        Explanation { action: request.action.as_str(), rules: rules.collect(), decision }
    }

    /// Whether some submission could be cleared under the clearance policy of this name: a rule
    /// permits it where nothing is missing.
    #[must_use]
    pub fn knows_clearance_policy(&self, name: &str) -> bool {
        probe::could_clear(self, name)
    }

    /// Whether a submission is cleared for a purpose, by which rules, and what is missing.
    #[must_use]
    pub fn clear(&self, facts: &ClearanceFacts) -> ClearanceDecision {
        self.clearances.get_or(Weighed::from(facts), || self.clear_afresh(facts))
    }

    /// The same, worked out by the rules whether or not it is known.
    #[must_use]
    pub fn clear_afresh(&self, facts: &ClearanceFacts) -> ClearanceDecision {
        let Ok(verdict) = self.weigh(facts) else {
            let deciding = vec![PolicyId::new(PolicyId::DEFAULT_DENY)];
            return ClearanceDecision {
                cleared: false,
                deciding,
                missing: vec![Missing::Evaluation],
            };
        };
        let mut missing: Vec<Missing> = Vec::new();
        if !verdict.failed.is_empty() {
            missing.push(Missing::Evaluation);
        } else if verdict.is_default() {
            missing.push(Missing::ClearancePolicy);
        } else if !verdict.allowed {
            let words = verdict.deciding.iter().filter_map(|id| self.rule(id)?.missing);
            missing.extend(words);
        }
        missing.sort_unstable();
        missing.dedup();
        ClearanceDecision { cleared: verdict.allowed, deciding: verdict.deciding, missing }
    }

    fn weigh(&self, facts: &ClearanceFacts) -> Result<Verdict, Fault> {
        let question = Question {
            principal: self.words.service.clone(),
            resource: self.words.dossier.clone(),
            context: cedar_policy::Context::empty(),
            entities: vec![dossier(&self.words, facts)?],
        };
        self.clearance.ask(question)
    }

    /// `None` if rules are not asked because a visitor cannot ask for this at all.
    fn ask(&self, request: &AccessRequest<'_>, slice: &Slice) -> Result<Option<Verdict>, Fault> {
        if request.resource.kind() != request.action.resource() {
            return Err(Fault::WrongResource);
        }
        if !may_ask(request) {
            return Ok(None);
        }
        slice.ask(Question::about(&self.words, request)?).map(Some)
    }
}

/// Cedar's language version and the version of the program that evaluates it, which a logged policy
/// names.
#[must_use]
pub fn engine_version() -> String {
    let (language, sdk) = (cedar_policy::get_lang_version(), cedar_policy::get_sdk_version());
    format!("cedar {language} cedar-policy {sdk} attestry-policy {}", env!("CARGO_PKG_VERSION"))
}

fn may_ask(request: &AccessRequest<'_>) -> bool {
    let is_visitor = matches!(request.principal, PrincipalFacts::Visitor);
    !is_visitor || request.action.is_open_to_visitors()
}

fn refused(near: Vec<PolicyId>, fault: Option<Fault>) -> Decision {
    let deciding = vec![PolicyId::new(PolicyId::DEFAULT_DENY)];
    Decision { allowed: false, deciding, near, failed: Vec::new(), fault }
}
