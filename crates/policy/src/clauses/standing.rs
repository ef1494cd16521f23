//! Whether a statement still stands after its clause text changed. Without a decision it does.

use super::{
    ClauseCatalogue,
    resign::{AppliesTo, ClauseAnswer, Day, ResignDecision},
};
use crate::words::Purpose;

/// What a statement was made under.
#[derive(Clone, Copy, Debug)]
pub struct Signed<'a> {
    /// Clause set.
    pub set: &'a str,
    /// Version.
    pub version: &'a str,
    /// What was answered to each clause.
    pub answers: &'a [(&'a str, ClauseAnswer)],
}

/// What the statement is needed for.
#[derive(Clone, Copy, Debug)]
pub struct Use<'a> {
    /// The purpose asked about.
    pub purpose: Purpose,
    /// The day on which it is asked; decisions of later days are not in force yet.
    pub on: Day,
    /// Every clearance that the submission was given so far, whether or not it still has it: the
    /// purpose, and the day.
    pub clearances: &'a [(Purpose, Day)],
}

/// Whether a statement still stands after its text changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing<'a> {
    /// Its text is the newest of its set.
    Current,
    /// There is a newer text, and nobody decided that it must be signed.
    Superseded {
        /// The newest version of the set.
        newest: &'a str,
    },
    /// Somebody decided that a later text must be signed.
    ResignRequired {
        /// The decisions, in the order of the file. Never empty.
        requirements: Vec<Requirement<'a>>,
    },
}

impl Standing<'_> {
    /// Whether the statement counts for clearance as far as its text goes.
    #[must_use]
    pub const fn is_current(&self) -> bool {
        !matches!(self, Self::ResignRequired { .. })
    }
}

/// A decision and what it asks of one statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement<'a> {
    /// The decision: version to sign, reason and day.
    pub decision: &'a ResignDecision,
    /// The clauses that concern this statement, in the order of the decision. Never empty.
    pub clauses: Vec<&'a str>,
}

impl ClauseCatalogue {
    /// Whether a statement still stands. `None` if the catalogue has no text of its set and version,
    /// so that nothing can be said.
    #[must_use]
    pub fn standing<'a>(&'a self, signed: &Signed<'_>, used: &Use<'_>) -> Option<Standing<'a>> {
        let versions = self.versions(signed.set);
        let newest = *versions.last()?;
        if !versions.contains(&signed.version) {
            return None;
        }
        let concerns = |decision: &&ResignDecision| {
            decision.set == signed.set
                && decision.from == signed.version
                && decision.decided <= used.on
                && decision.applies_to(used)
        };
        let requirements: Vec<Requirement<'_>> = self
            .decisions()
            .iter()
            .filter(concerns)
            .map(|decision| Requirement { decision, clauses: decision.clauses_open(signed) })
            .filter(|requirement| !requirement.clauses.is_empty())
            .collect();
        Some(match requirements.is_empty() {
            false => Standing::ResignRequired { requirements },
            true if newest == signed.version => Standing::Current,
            true => Standing::Superseded { newest },
        })
    }
}

impl ResignDecision {
    /// The clauses that a statement with these answers has to be signed again for.
    fn clauses_open<'a>(&'a self, signed: &Signed<'_>) -> Vec<&'a str> {
        let is_open = |clause: &&str| {
            let answer = signed.answers.iter().find(|(answered, _)| answered == clause);
            answer.is_none_or(|(_, answer)| self.answered.contains(answer))
        };
        self.clauses.iter().map(String::as_str).filter(is_open).collect()
    }

    fn applies_to(&self, used: &Use<'_>) -> bool {
        let mut before = used.clearances.iter().filter(|(_, day)| *day < self.decided);
        match self.applies_to {
            AppliesTo::All => true,
            AppliesTo::Cleared => before.next().is_some(),
            AppliesTo::NewPurposes => !before.any(|(purpose, _)| *purpose == used.purpose),
        }
    }
}

#[cfg(test)]
mod tests;
