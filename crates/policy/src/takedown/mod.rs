//! Takedown rules: grounds, forms, deadlines and who takes which step, read from a file that a
//! lawyer can read and change.
//!
//! Everything here is a function of the file and of what the caller says is so: the same question
//! has the same answer years later, on another machine. Times come from outside.
//!
//! Not here: whether something is so (a hold, an approval, an erasure), sending anything, and what
//! a statement about a step looks like.

mod applies;
mod calendar;
mod check;
mod clock;
mod error;
mod file;
mod form;
mod holiday;
mod read;
mod step;
mod words;

use sha2::{Digest as _, Sha256};

use crate::{Digest, words::RoleSet};
pub use calendar::Calendar;
pub use clock::{Clock, Extension};
pub use error::{Counted, Named, RulesError};
pub use form::{AGREED, FieldText, Form};
pub use holiday::{DayOfYear, Holiday};
pub use step::{ActorFacts, Refusal, Step, StepRefused};
pub use words::{
    Actor, Field, FieldKind, Need, Observed, PublicClass, Quarantine, Remedy, SetBy, State, Unit,
};

/// Path of the rules below the policies directory.
pub const RULES_PATH: &str = "takedown.toml";

/// Most bytes of the rules.
pub const MAX_RULES_BYTES: usize = 256 * 1024;

/// Most bytes of a name.
pub const MAX_NAME_BYTES: usize = 64;

/// Most bytes of a title, a source or another text.
pub const MAX_TEXT_BYTES: usize = 2_000;

/// The rules of one file, checked: every state can be reached, every case can be closed, and
/// nothing is destroyed without two officers and without asking for holds.
#[derive(Clone, Debug)]
pub struct Rules {
    sha256: Digest,
    calendars: Vec<Calendar>,
    fields: Vec<FieldText>,
    forms: Vec<Form>,
    reasons: Vec<Reason>,
    grounds: Vec<Ground>,
    transitions: Vec<Transition>,
}

/// On which somebody can object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ground {
    id: Box<str>,
    /// What it is called.
    pub title: Box<str>,
    /// Statute and section it rests on.
    pub source: Box<str>,
    /// What the public is told of it.
    pub public_class: PublicClass,
    /// Who decides.
    pub decides: RoleSet,
    /// Whether a case can be right for a part.
    pub is_divisible: bool,
    /// When content is locked.
    pub quarantine: Quarantine,
    /// What can be done with content, the usual first.
    pub remedies: Vec<Remedy>,
    /// Position of the form among the forms; `None` if a case needs no notice.
    form: Option<usize>,
    /// Position of the form for whoever submitted the content; `None` if they cannot object.
    counter_form: Option<usize>,
    deadlines: Vec<Deadline>,
}

/// A time within which something has to happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deadline {
    /// Its name, once in its ground.
    pub name: Box<str>,
    /// What has to happen.
    pub title: Box<str>,
    /// Where it comes from.
    pub source: Box<str>,
    /// Who said how long.
    pub set_by: SetBy,
    /// Entering one of these states starts it.
    pub starts: Vec<State>,
    /// Entering one of these states ends it.
    pub ends: Vec<State>,
    /// What it is counted in.
    pub unit: Unit,
    /// How many must pass first; `None` if none must.
    pub at_least: Option<u32>,
    /// How many may pass.
    pub at_most: u32,
    /// How it may be made longer.
    pub extension: Option<ExtensionRule>,
    /// Position among the calendars.
    calendar: usize,
}

/// How a time may be made longer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtensionRule {
    /// By how many of the deadline's unit, each time.
    pub by: u32,
    /// How often.
    pub times: u32,
    /// What has to be done for it, before the time is over.
    pub condition: Box<str>,
    /// Where it comes from.
    pub source: Box<str>,
}

/// A reason that can be given for a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// Its code.
    pub code: Box<str>,
    /// What it means.
    pub title: Box<str>,
    /// Positions of the grounds it can be given on; empty for all.
    grounds: Vec<usize>,
}

/// A step that can be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transition {
    /// Where the case is; `None` for the beginning of a case.
    pub from: Option<State>,
    /// Where it goes.
    pub to: State,
    /// Who takes it.
    pub actors: Vec<Actor>,
    /// What must be there.
    pub needs: Vec<Need>,
    /// What is done with the content by it; `None` if nothing follows from it yet.
    pub remedy: Option<Remedy>,
    /// Positions of its reasons.
    reasons: Vec<usize>,
    /// Positions of the grounds it is for; empty for all.
    grounds: Vec<usize>,
}

impl Rules {
    /// Reads and checks the rules.
    ///
    /// # Errors
    /// See [`RulesError`].
    pub fn parse(text: &str) -> Result<Self, RulesError> {
        let (found, limit) = (text.len(), MAX_RULES_BYTES);
        if found > limit {
            return Err(RulesError::TooLarge { found, limit });
        }
        read::rules(text, Sha256::digest(text.as_bytes()).into())
    }

    /// SHA-256 of the exact bytes of the file.
    #[must_use]
    pub const fn sha256(&self) -> &Digest {
        &self.sha256
    }

    /// The grounds, in the order of the file.
    #[must_use]
    pub fn grounds(&self) -> &[Ground] {
        &self.grounds
    }

    /// The ground of this name.
    #[must_use]
    pub fn ground(&self, id: &str) -> Option<&Ground> {
        self.grounds.iter().find(|ground| &*ground.id == id)
    }

    /// The calendar of this name.
    #[must_use]
    pub fn calendar(&self, id: &str) -> Option<&Calendar> {
        self.calendars.iter().find(|calendar| calendar.as_str() == id)
    }

    /// The reasons, in the order of the file.
    #[must_use]
    pub fn reasons(&self) -> &[Reason] {
        &self.reasons
    }

    /// The reason of this code.
    #[must_use]
    pub fn reason(&self, code: &str) -> Option<&Reason> {
        self.reasons.iter().find(|reason| &*reason.code == code)
    }

    /// The transitions, in the order of the file, one for each state that one comes from.
    #[must_use]
    pub fn transitions(&self) -> &[Transition] {
        &self.transitions
    }
}

impl Ground {
    /// Its name in the file, by which statements refer to it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.id
    }

    /// Its times, in the order of the file.
    #[must_use]
    pub fn deadlines(&self) -> &[Deadline] {
        &self.deadlines
    }
}

#[cfg(test)]
mod tests;
