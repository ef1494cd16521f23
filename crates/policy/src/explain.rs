//! A decision in words, rule by rule, for `attestry policy explain`.

use std::fmt;

use crate::{
    access::Decision,
    engine::{Effect, PolicyId, Rule},
};

/// What a rule says to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Its conditions are met.
    Applies,
    /// They are not.
    DoesNotApply,
    /// It could not be evaluated.
    Failed,
    /// It was not asked: a visitor cannot ask for this at all, or the facts make no question.
    NotAsked,
}

impl Outcome {
    /// From the verdict of the rule alone.
    pub(crate) fn of(verdict: &crate::engine::Verdict, effect: Effect) -> Self {
        match effect {
            _ if !verdict.failed.is_empty() => Self::Failed,
            Effect::Permit if verdict.allowed => Self::Applies,
            Effect::Forbid if !verdict.is_default() => Self::Applies,
            _ => Self::DoesNotApply,
        }
    }
}

/// A rule about the action, and what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleOutcome {
    /// The rule.
    pub rule: Rule,
    /// What it says to this request.
    pub outcome: Outcome,
}

/// A decision and everything that had a say in it. `Display` gives lines for a terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The action asked for.
    pub action: &'static str,
    /// The decision.
    pub decision: Decision,
    /// Every rule about the action, by file and line.
    pub rules: Vec<RuleOutcome>,
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = if self.decision.allowed { "allowed" } else { "denied" };
        let ids: Vec<&str> = self.decision.deciding.iter().map(PolicyId::as_str).collect();
        writeln!(f, "{} is {word} by {}", self.action, ids.join(", "))?;
        if let Some(fault) = self.decision.fault {
            writeln!(f, "  {fault}")?;
        }
        for RuleOutcome { rule, outcome } in &self.rules {
            let effect = match rule.effect {
                Effect::Permit => "permit",
                Effect::Forbid => "forbid",
            };
            let outcome = match outcome {
                Outcome::Applies => "applies",
                Outcome::DoesNotApply => "does not apply",
                Outcome::Failed => "failed",
                Outcome::NotAsked => "not asked",
            };
            let Rule { id, place, says, .. } = rule;
            writeln!(f, "  {effect} {id} {outcome} ({place})")?;
            if let Some(says) = says {
                writeln!(f, "      {says}")?;
            }
        }
        Ok(())
    }
}
