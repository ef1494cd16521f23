//! Why a file makes no takedown rules, and where.

use super::{RULES_PATH, State};
use crate::{load::Place, words::words};

words! {
    /// What a word in the file should have named.
    Named {
        /// A state.
        State = "state",
        /// Something that must be there before a step.
        Need = "need",
        /// Who takes a step.
        Actor = "actor",
        /// A role.
        Role = "role",
        /// A field of a form.
        Field = "field",
        /// A form of the file.
        Form = "form",
        /// A ground of the file.
        Ground = "ground",
        /// A reason code of the file.
        Reason = "reason",
        /// A calendar of the file.
        Calendar = "calendar",
        /// A remedy.
        Remedy = "remedy",
        /// When content is locked.
        Quarantine = "quarantine",
        /// What the public is told.
        PublicClass = "public class",
        /// What a time is counted in.
        Unit = "unit",
        /// Where a length comes from.
        SetBy = "origin of a length",
        /// What happens to a holiday on a day without business.
        Observed = "rule for observed holidays",
        /// A day of the week.
        Weekday = "day of the week",
        /// A day of the year.
        DayOfYear = "day of the year",
    }
}

words! {
    /// What there are several of in the file.
    Counted {
        /// Calendars.
        Calendars = "calendars",
        /// Holidays of a calendar.
        Holidays = "holidays of a calendar",
        /// Days of the week without business.
        Weekend = "weekend days of a calendar",
        /// Fields with a title.
        Fields = "fields",
        /// Choices of a field.
        Choices = "choices of a field",
        /// Forms.
        Forms = "forms",
        /// Reason codes.
        Reasons = "reasons",
        /// Grounds.
        Grounds = "grounds",
        /// Deadlines of a ground.
        Deadlines = "deadlines of a ground",
        /// Transitions, once each from, to and ground is counted.
        Transitions = "transitions",
    }
}

/// Why a file makes no rules.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RulesError {
    /// Too many bytes.
    #[error("{RULES_PATH} has {found} bytes, at most {limit} are allowed")]
    TooLarge {
        /// Bytes found.
        found: usize,
        /// Most bytes allowed.
        limit: usize,
    },
    /// Not TOML of the right form.
    #[error("{place}: {message}")]
    Toml {
        /// Where.
        place: Place,
        /// What the parser says.
        message: Box<str>,
    },
    /// Too few or too many of something.
    #[error("{place}: {what}: {found}, where {least} to {most} are allowed")]
    Count {
        /// Where.
        place: Place,
        /// Of what.
        what: Counted,
        /// Number found.
        found: usize,
        /// Fewest allowed.
        least: usize,
        /// Most allowed.
        most: usize,
    },
    /// A word that names nothing.
    #[error("{place}: there is no such {what}")]
    Unknown {
        /// Where the word is.
        place: Place,
        /// What it should name.
        what: Named,
    },
    /// A name that is not made of lower-case letters, digits and hyphens, or is too long.
    #[error("{place}: a name has 1 to {limit} lower-case letters, digits and hyphens")]
    Name {
        /// Where it is.
        place: Place,
        /// Most bytes allowed.
        limit: usize,
    },
    /// A text that is empty or too long.
    #[error("{place}: a text has 1 to {limit} bytes")]
    Text {
        /// Where it is.
        place: Place,
        /// Most bytes allowed.
        limit: usize,
    },
    /// The same again: a name, a word in a list, or a transition that the same actor could take.
    #[error("{place}: this repeats what was said before")]
    Repeated {
        /// Where the later one is.
        place: Place,
    },
    /// A list that must say something is empty.
    #[error("{place}: this list needs at least one entry")]
    Empty {
        /// Where it is.
        place: Place,
    },
    /// A time of no length, or of too much.
    #[error("{place}: a time has 1 to {limit} of its unit")]
    Length {
        /// Where it is given.
        place: Place,
        /// Most of the unit that is allowed.
        limit: u32,
    },
    /// The least of a time is more than the most.
    #[error("{place}: at_least is more than at_most")]
    LeastAboveMost {
        /// Where the least is given.
        place: Place,
    },
    /// Business days are counted by a calendar that is always open.
    #[error("{place}: business days need a calendar with days without business")]
    NeverClosed {
        /// Where the calendar is named.
        place: Place,
    },
    /// Offsets from UTC that are none, or west of each other the wrong way round.
    #[error("{place}: offsets are minutes from -720 to 840, offset_west not above offset_east")]
    Offset {
        /// Where the western one is given.
        place: Place,
    },
    /// A time that ends in a state in which it starts, or that no case on this ground can end.
    #[error("{place}: a case on this ground never comes from a start of this time to an end of it")]
    NeverEnds {
        /// Where the time begins.
        place: Place,
    },
    /// Choices for a field that is not chosen, or none for one that is.
    #[error("{place}: choices belong to fields that are chosen from a list, and only to those")]
    Choices {
        /// Where the field begins.
        place: Place,
    },
    /// A form asks for a field that has no title.
    #[error("{place}: this field has no [[field]] that says what is asked")]
    FieldUntitled {
        /// Where the field is named.
        place: Place,
    },
    /// Reasons without `reason-code` among the needs, or the other way round.
    #[error("{place}: a transition lists reasons exactly if it needs a reason-code")]
    ReasonsWithoutNeed {
        /// Where the transition begins.
        place: Place,
    },
    /// A transition that nobody can take on a ground, for want of a reason.
    #[error("{place}: no reason of this transition may be given on the ground at {ground}")]
    NoReason {
        /// Where the transition begins.
        place: Place,
        /// Where the ground begins.
        ground: Place,
    },
    /// A transition that waits for a time which the ground does not have.
    #[error(
        "{place}: on the ground at {ground} no deadline with at_least ends with this transition"
    )]
    NothingToWaitFor {
        /// Where the transition begins.
        place: Place,
        /// Where the ground begins.
        ground: Place,
    },
    /// A transition from a state to itself, or into the beginning.
    #[error("{place}: a transition leads from one state to another")]
    SameState {
        /// Where the transition begins.
        place: Place,
    },
    /// A case that begins elsewhere than in `received`.
    #[error("{place}: a case begins in \"received\", and nothing leads back there")]
    Beginning {
        /// Where the transition begins.
        place: Place,
    },
    /// A transition out of a final state that neither looks at the case again nor objects.
    #[error("{place}: nothing leads out of a final state but \"reopened\" and \"countered\"")]
    OutOfFinal {
        /// Where the transition begins.
        place: Place,
    },
    /// A decision that somebody else than the deciders takes.
    #[error("{place}: an outcome is for \"deciders\" alone")]
    OutcomeByOthers {
        /// Where the transition begins.
        place: Place,
    },
    /// A decision that nobody has to explain.
    #[error("{place}: an outcome needs \"statement-of-reasons\"")]
    OutcomeUnexplained {
        /// Where the transition begins.
        place: Place,
    },
    /// Destruction without the safeguards.
    #[error(
        "{place}: only \"upheld\" and \"partly-upheld\" lead to \"remediating\", with remedy \
         \"erase\", by \"deciders\", and with the needs \"concerned\", \"second-officer\" and \
         \"no-hold\"; no other transition erases"
    )]
    Destruction {
        /// Where the transition begins.
        place: Place,
    },
    /// Content said to be destroyed though nobody looked.
    #[error("{place}: out of \"remediating\" only with the need \"erased\"")]
    DestructionUnproven {
        /// Where the transition begins.
        place: Place,
    },
    /// Content brought back that may be gone.
    #[error("{place}: into \"restored\" only with the need \"content-kept\"")]
    RestoredUnchecked {
        /// Where the transition begins.
        place: Place,
    },
    /// A state that no case reaches.
    #[error("{RULES_PATH}: no case ever reaches \"{state}\"")]
    Unreachable {
        /// The state.
        state: State,
    },
    /// A state that a case on a ground reaches and from where it is never closed.
    #[error("{ground}: a case on this ground is never closed once it is \"{state}\"")]
    NeverCloses {
        /// Where the ground begins.
        ground: Place,
        /// The state.
        state: State,
    },
    /// A ground that locks content on receipt but lets something be decided without a lock.
    #[error("{ground}: a case on this ground can be upheld without being quarantined first")]
    DecidedUnlocked {
        /// Where the ground begins.
        ground: Place,
    },
    /// A remedy of a ground that no transition leads to.
    #[error("{ground}: no transition of this ground carries out the remedy \"{remedy}\"")]
    RemedyWithoutTransition {
        /// Where the ground begins.
        ground: Place,
        /// The remedy.
        remedy: super::Remedy,
    },
}

impl RulesError {
    /// Where it is, if it is in one place.
    #[must_use]
    pub const fn place(&self) -> Option<&Place> {
        match self {
            Self::Toml { place, .. }
            | Self::Count { place, .. }
            | Self::Unknown { place, .. }
            | Self::Name { place, .. }
            | Self::Text { place, .. }
            | Self::Repeated { place, .. }
            | Self::Empty { place, .. }
            | Self::Length { place, .. }
            | Self::LeastAboveMost { place, .. }
            | Self::NeverClosed { place, .. }
            | Self::Offset { place, .. }
            | Self::NeverEnds { place, .. }
            | Self::Choices { place, .. }
            | Self::FieldUntitled { place, .. }
            | Self::ReasonsWithoutNeed { place, .. }
            | Self::NoReason { place, .. }
            | Self::NothingToWaitFor { place, .. }
            | Self::SameState { place, .. }
            | Self::Beginning { place, .. }
            | Self::OutOfFinal { place, .. }
            | Self::OutcomeByOthers { place, .. }
            | Self::OutcomeUnexplained { place, .. }
            | Self::Destruction { place, .. }
            | Self::DestructionUnproven { place, .. }
            | Self::RestoredUnchecked { place, .. } => Some(place),
            Self::NeverCloses { ground, .. }
            | Self::DecidedUnlocked { ground, .. }
            | Self::RemedyWithoutTransition { ground, .. } => Some(ground),
            Self::TooLarge { .. } | Self::Unreachable { .. } => None,
        }
    }
}
