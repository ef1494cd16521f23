//! Why bytes are not an acceptable payload.
//!
//! No variant repeats a value found in a payload: errors reach logs, and logs outlive an erasure.

use std::fmt;

use super::kind::StatementKind;

/// Why a payload is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    /// More bytes than a payload may have; nothing was decoded.
    #[error("a payload has at most {limit} bytes, this one has {found}")]
    TooLarge {
        /// Bytes given.
        found: usize,
        /// Most bytes allowed.
        limit: usize,
    },
    /// The bytes are not UTF-8.
    #[error("the payload stops being UTF-8 at byte {valid_up_to}")]
    NotUtf8 {
        /// Offset of the first byte that is not UTF-8.
        valid_up_to: usize,
    },
    /// The text is not JSON of the shape that its type requires.
    #[error("line {line}, column {column} of the payload: {fault}")]
    Json {
        /// What is wrong there.
        fault: JsonFault,
        /// Line, counted from 1.
        line: usize,
        /// Column in bytes, counted from 1; 0 when the fault is at the very start.
        column: usize,
    },
    /// The `type` member names no kind of statement known here.
    #[error("the payload's `type` is not a known kind of statement")]
    UnknownKind,
    /// A public kind came under the sealed content type, or the other way round.
    #[error("`{kind}` does not belong under the content type of this statement")]
    WrongFamily {
        /// Kind that the payload claims.
        kind: StatementKind,
    },
    /// The schema version is not the one known here.
    #[error("`{kind}` has schema {required}, this payload says {found}")]
    Schema {
        /// Kind of the payload.
        kind: StatementKind,
        /// Version in the payload.
        found: u32,
        /// Version required.
        required: u32,
    },
    /// The text means the same as an accepted payload but hides or respells part of it.
    #[error("the payload spells a value in a form that a reader would not be shown")]
    Respelled,
    /// A field breaks a rule of its own.
    #[error("`{field}` {problem}")]
    Field {
        /// Path of the field from the top of the payload.
        field: &'static str,
        /// The rule and the evidence.
        problem: FieldProblem,
    },
    /// The statement's header names another subject than the payload.
    #[error("the statement's subject is not the one its payload is about")]
    SubjectMismatch,
    /// The statement is signed by another key than the payload requires.
    #[error("the statement's issuer is not the key that its payload requires")]
    IssuerMismatch,
    /// The statement is signed by one of the keys that its payload is about.
    #[error("the statement's issuer is one of the keys that it approves")]
    OwnKeyApproved,
    /// The statement is addressed to another log than the payload names.
    #[error("the statement's audience is not the log that its payload names")]
    AudienceMismatch,
}

impl PayloadError {
    /// Shorthand for [`PayloadError::Field`].
    #[must_use]
    pub const fn field(field: &'static str, problem: FieldProblem) -> Self {
        Self::Field { field, problem }
    }
}

/// A rule that a field breaks, with the evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FieldProblem {
    /// Fewer or more elements than allowed.
    #[error("has {found} elements, {min} to {max} are allowed")]
    Count {
        /// Elements found.
        found: usize,
        /// Fewest allowed.
        min: usize,
        /// Most allowed.
        max: usize,
    },
    /// A number outside its range.
    #[error("is {found}, {min} to {max} is allowed")]
    Range {
        /// Number found.
        found: u64,
        /// Least allowed.
        min: u64,
        /// Greatest allowed.
        max: u64,
    },
    /// The same element twice where each may come once.
    #[error("names the same thing twice")]
    Repeated,
    /// Elements out of their order, or one twice.
    #[error("is not in its order, or names the same thing twice")]
    Unsorted,
    /// An element that must be there is not.
    #[error("leaves out something that has to be answered")]
    Incomplete,
    /// Required here, given what other fields say.
    #[error("is required here")]
    Missing,
    /// Not allowed here, given what other fields say.
    #[error("must be absent here")]
    Unexpected,
    /// Text that is not of the form its meaning requires.
    #[error("is not of the required form")]
    Malformed,
    /// A period that ends before it starts.
    #[error("ends before it starts")]
    EndsBeforeStart,
    /// Dates outside the period of the work.
    #[error("lies outside the period of the work")]
    OutsidePeriod,
    /// Two fields that must agree do not.
    #[error("contradicts another field of the payload")]
    Contradiction,
    /// Consent that must be given for the statement to mean anything was not.
    #[error("has to be agreed to")]
    NotAgreed,
}

/// What is wrong at one place of the JSON text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonFault {
    /// Not JSON.
    #[error("this is not JSON")]
    Syntax,
    /// The text ends too early.
    #[error("the text ends too early")]
    Truncated,
    /// A member that the schema requires is absent.
    #[error("`{0}` is missing")]
    MissingMember(MemberName),
    /// A member that the schema does not know.
    #[error("`{0}` is not a member of this object")]
    UnknownMember(MemberName),
    /// A member given twice.
    #[error("`{0}` is given twice")]
    RepeatedMember(MemberName),
    /// A value of the wrong type, or one that its type refuses.
    #[error("the value that ends here is not one that this member allows")]
    Value,
}

/// Name of a JSON member, cut to a bounded length and to `a-z 0-9 _ -`; other characters become
/// `?`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct MemberName {
    bytes: [u8; Self::MAX_BYTES],
    length: u8,
}

impl MemberName {
    /// Longest name kept.
    pub const MAX_BYTES: usize = 40;

    /// Keeps what is safe to print of `name`.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let mut kept = Self { bytes: [0; Self::MAX_BYTES], length: 0 };
        for (slot, character) in kept.bytes.iter_mut().zip(name.chars()) {
            *slot = match character {
                'a'..='z' | '0'..='9' | '_' | '-' => character as u8,
                _ => b'?',
            };
            kept.length += 1;
        }
        kept
    }

    /// The name as kept.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // The constructor wrote ASCII only, so the default is never taken.
        std::str::from_utf8(&self.bytes[..usize::from(self.length)]).unwrap_or_default()
    }
}

impl fmt::Display for MemberName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for MemberName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::MemberName;

    #[test]
    fn a_member_name_is_kept_when_safe_and_blunted_when_not() {
        assert_eq!(MemberName::new("stated_at").as_str(), "stated_at");
        assert_eq!(MemberName::new("a\nb é").as_str(), "a?b??");
        assert_eq!(MemberName::new(&"x".repeat(500)).as_str(), "x".repeat(40));
        assert_eq!(MemberName::new("").as_str(), "");
    }
}
