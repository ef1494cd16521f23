//! Who signs again after a clause changed: decisions that somebody made and wrote down, one clause
//! at a time. What no decision asks for stays as it was signed.

use serde::Deserialize;
use toml::Spanned;

use super::{ClauseCatalogue, MAX_FILE_BYTES};
use crate::{load::Place, words::words};

/// Path of the decisions below the policies directory. Without the file there are none.
pub const RESIGN_PATH: &str = "clauses/resign.toml";

/// Most decisions.
pub const MAX_DECISIONS: usize = 1_000;

/// Most bytes of a reason.
pub const MAX_REASON_BYTES: usize = 2_000;

words! {
    /// What can be answered to a clause.
    ClauseAnswer {
        /// It is so.
        Yes = "yes",
        /// It is not so.
        No = "no",
        /// It is so, except for what the signer wrote.
        Exception = "exception",
    }
}

words! {
    /// Whose signatures a decision is about.
    AppliesTo {
        /// Of submissions that were cleared for some purpose before the day of the decision.
        Cleared = "cleared",
        /// All.
        All = "all",
        /// Wherever a purpose is asked for that the submission was not cleared for before the day of
        /// the decision. Clearances that were given stay.
        NewPurposes = "new-purposes",
    }
}

/// A day of the calendar, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day {
    year: u16,
    month: u8,
    day: u8,
}

impl Day {
    /// Reads `YYYY-MM-DD`; `None` if it is written differently or there is no such day.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let [year, month, day] = text.split('-').collect::<Vec<_>>().try_into().ok()?;
        let number = |part: &str, width: usize| -> Option<u16> {
            let digits = part.len() == width && part.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| part.parse().ok()).flatten()
        };
        let (year, month, day) = (number(year, 4)?, number(month, 2)?, number(day, 2)?);
        let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let days = match month {
            2 if is_leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => return None,
        };
        let (month, day) = (u8::try_from(month).ok()?, u8::try_from(day).ok()?);
        (1..=days).contains(&day).then_some(Self { year, month, day })
    }
}

impl std::fmt::Display for Day {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// A decision that signatures under one version of a text are to be given again under a later one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResignDecision {
    /// Clause set.
    pub set: String,
    /// Version to sign, or a later one.
    pub version: String,
    /// Clauses of that version that changed in a way that matters.
    pub clauses: Vec<String>,
    /// Version that was signed. Other versions need decisions of their own.
    pub from: String,
    /// Answers that the decision is about; all three if it names none. A clause that the old text
    /// did not have is asked of everybody.
    pub answered: Vec<ClauseAnswer>,
    /// Why, for those who are asked to sign again.
    pub reason: String,
    /// When it was decided.
    pub decided: Day,
    /// Whose signatures.
    pub applies_to: AppliesTo,
    /// Where it begins.
    pub place: Place,
}

/// Why a file makes no decisions. Each says where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResignError {
    /// Too many bytes.
    #[error("{RESIGN_PATH} has {found} bytes, at most {limit} are allowed")]
    TooLarge {
        /// Bytes found.
        found: usize,
        /// Most bytes allowed.
        limit: usize,
    },
    /// Not UTF-8.
    #[error("{place}: this is not UTF-8")]
    NotUtf8 {
        /// Of the first byte that is not.
        place: Place,
    },
    /// Not TOML of the right form.
    #[error("{place}: {message}")]
    Toml {
        /// Where.
        place: Place,
        /// What the parser says.
        message: Box<str>,
    },
    /// Too many decisions.
    #[error("{RESIGN_PATH} has {found} decisions, at most {limit} are allowed")]
    Count {
        /// Decisions found.
        found: usize,
        /// Most decisions allowed.
        limit: usize,
    },
    /// The catalogue has no text of this set.
    #[error("{place}: the catalogue has no text of this set")]
    UnknownSet {
        /// Where the set is named.
        place: Place,
    },
    /// The catalogue has no text of this version.
    #[error("{place}: the catalogue has no text of this set and version")]
    UnknownVersion {
        /// Where the version is named.
        place: Place,
    },
    /// The version to be signed is not listed after the one that was signed.
    #[error("{place}: the catalogue does not list this version after the one in `from`")]
    NotLater {
        /// Where the version to be signed is named.
        place: Place,
    },
    /// A text of the version to be signed has no such clause.
    #[error("{place}: a text of the version to be signed has no such clause")]
    UnknownClause {
        /// Where the clause is named.
        place: Place,
    },
    /// No clause is named, or one twice.
    #[error("{place}: name at least one clause, and none twice")]
    Clauses {
        /// Where the clauses are named.
        place: Place,
    },
    /// No answer is named, or one twice.
    #[error("{place}: name at least one answer, and none twice, or leave `answered` out")]
    Answers {
        /// Where the answers are named.
        place: Place,
    },
    /// The reason is empty or too long.
    #[error("{place}: a reason has 1 to {limit} bytes")]
    Reason {
        /// Where it is given.
        place: Place,
        /// Most bytes allowed.
        limit: usize,
    },
    /// Not a day.
    #[error("{place}: a day is written \"YYYY-MM-DD\"")]
    Date {
        /// Where it is given.
        place: Place,
    },
    /// The same was decided before.
    #[error("{place}: the decision at {first} says the same")]
    Repeated {
        /// Where the later decision begins.
        place: Place,
        /// Where the earlier decision begins.
        first: Place,
    },
}

impl ResignError {
    /// Where in the file, if at one place.
    #[must_use]
    pub const fn place(&self) -> Option<&Place> {
        match self {
            Self::TooLarge { .. } | Self::Count { .. } => None,
            Self::NotUtf8 { place }
            | Self::Toml { place, .. }
            | Self::UnknownSet { place }
            | Self::UnknownVersion { place }
            | Self::NotLater { place }
            | Self::UnknownClause { place }
            | Self::Clauses { place }
            | Self::Answers { place }
            | Self::Reason { place, .. }
            | Self::Date { place }
            | Self::Repeated { place, .. } => Some(place),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DecisionsFile {
    #[serde(default)]
    require: Vec<Spanned<Entry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    set: Spanned<String>,
    version: Spanned<String>,
    clauses: Spanned<Vec<Spanned<String>>>,
    from: Spanned<String>,
    answered: Option<Spanned<Vec<ClauseAnswer>>>,
    reason: Spanned<String>,
    decided: Spanned<String>,
    applies_to: AppliesTo,
}

/// Reads the decisions, which name texts of the catalogue.
pub(super) fn parse(
    content: &[u8],
    catalogue: &ClauseCatalogue,
) -> Result<Vec<ResignDecision>, ResignError> {
    let (found, limit) = (content.len(), MAX_FILE_BYTES);
    if found > limit {
        return Err(ResignError::TooLarge { found, limit });
    }
    let text = std::str::from_utf8(content).map_err(|error| {
        let valid = String::from_utf8_lossy(&content[..error.valid_up_to()]);
        ResignError::NotUtf8 { place: Place::of(RESIGN_PATH, &valid, valid.len()) }
    })?;
    let place_at = |byte: usize| Place::of(RESIGN_PATH, text, byte);
    let file: DecisionsFile = toml::from_str(text).map_err(|error| ResignError::Toml {
        place: place_at(error.span().map_or(0, |span| span.start)),
        message: error.message().into(),
    })?;
    let (found, limit) = (file.require.len(), MAX_DECISIONS);
    if found > limit {
        return Err(ResignError::Count { found, limit });
    }
    let mut decisions: Vec<ResignDecision> = Vec::with_capacity(found);
    for entry in file.require {
        let place = place_at(entry.span().start);
        let decision = decide(entry.into_inner(), place, catalogue, text)?;
        if let Some(earlier) = decisions.iter().find(|earlier| earlier.says_same(&decision)) {
            let (place, first) = (decision.place, earlier.place.clone());
            return Err(ResignError::Repeated { place, first });
        }
        decisions.push(decision);
    }
    Ok(decisions)
}

fn decide(
    entry: Entry,
    place: Place,
    catalogue: &ClauseCatalogue,
    text: &str,
) -> Result<ResignDecision, ResignError> {
    let at = |span: std::ops::Range<usize>| Place::of(RESIGN_PATH, text, span.start);
    let set = entry.set.get_ref();
    let versions = catalogue.versions(set);
    if versions.is_empty() {
        return Err(ResignError::UnknownSet { place: at(entry.set.span()) });
    }
    let position = |version: &Spanned<String>| {
        let found = versions.iter().position(|candidate| candidate == version.get_ref());
        found.ok_or_else(|| ResignError::UnknownVersion { place: at(version.span()) })
    };
    if position(&entry.version)? <= position(&entry.from)? {
        return Err(ResignError::NotLater { place: at(entry.version.span()) });
    }
    let is_of_text = |clause: &str| {
        catalogue
            .texts()
            .iter()
            .filter(|text| text.set() == set && text.version() == entry.version.get_ref())
            .all(|text| text.clauses().iter().any(|candidate| candidate == clause))
    };
    let clauses: Vec<&str> = entry.clauses.get_ref().iter().map(|c| c.get_ref().as_str()).collect();
    let unknown = entry.clauses.get_ref().iter().find(|clause| !is_of_text(clause.get_ref()));
    if let Some(clause) = unknown {
        return Err(ResignError::UnknownClause { place: at(clause.span()) });
    }
    if clauses.is_empty() || has_repeat(&clauses) {
        return Err(ResignError::Clauses { place: at(entry.clauses.span()) });
    }
    let answered = match &entry.answered {
        None => ClauseAnswer::ALL,
        Some(named) if named.get_ref().is_empty() || has_repeat(named.get_ref()) => {
            return Err(ResignError::Answers { place: at(named.span()) });
        }
        Some(named) => named.get_ref(),
    };
    let reason = entry.reason.get_ref().trim();
    if reason.is_empty() || reason.len() > MAX_REASON_BYTES {
        let limit = MAX_REASON_BYTES;
        return Err(ResignError::Reason { place: at(entry.reason.span()), limit });
    }
    let decided = Day::parse(entry.decided.get_ref())
        .ok_or_else(|| ResignError::Date { place: at(entry.decided.span()) })?;
    Ok(ResignDecision {
        clauses: clauses.into_iter().map(str::to_owned).collect(),
        answered: answered.to_vec(),
        reason: reason.to_owned(),
        set: entry.set.into_inner(),
        version: entry.version.into_inner(),
        from: entry.from.into_inner(),
        decided,
        applies_to: entry.applies_to,
        place,
    })
}

fn has_repeat<T: PartialEq>(items: &[T]) -> bool {
    items.iter().enumerate().any(|(index, item)| items[..index].contains(item))
}

impl ResignDecision {
    /// Whether it asks what another decision asks, whatever the reason and the day.
    fn says_same(&self, other: &Self) -> bool {
        let asks = |decision: &Self| {
            let mut clauses = decision.clauses.clone();
            let mut answered = decision.answered.clone();
            clauses.sort_unstable();
            answered.sort_unstable();
            let versions = (decision.set.clone(), decision.from.clone(), decision.version.clone());
            (versions, clauses, answered, decision.applies_to)
        };
        asks(self) == asks(other)
    }
}

#[cfg(test)]
mod tests;
