//! `effort`: how long the work took, in which occupation, and how that is known.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    envelope::{Envelope, Period},
    error::{FieldProblem, PayloadError},
    fields::{Digest, count},
    kind::StatementKind,
    statement::{AttestationBody, MAX_LIST},
    summary::Summary,
    text::{Line, ValueError, as_json_text},
    words::words,
};

/// Longest effort that one submission may claim: 10,000 hours.
pub const MAX_MINUTES: u32 = 600_000;

/// Time and occupation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Effort {
    /// Occupation in which the work was done.
    pub occupation: Occupation,
    /// Seniority in that occupation at the time.
    pub seniority: Seniority,
    /// Time spent, in minutes, 1 to [`MAX_MINUTES`].
    pub minutes: u32,
    /// How the time is known.
    pub basis: EffortBasis,
    /// First and last day of the effort, within the period of the work.
    pub period: Period,
    /// What shows the effort.
    pub evidence: Vec<Evidence>,
    /// Whether the work was done on the job rather than for the submission.
    pub on_the_job: OnTheJob,
}

/// An occupation in a public classification.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Occupation {
    /// The classification.
    pub scheme: OccupationScheme,
    /// The code within it: `13-2011.00` (O*NET-SOC), `2411` (ISCO-08).
    pub code: OccupationCode,
    /// Title of the occupation, as the signer calls it.
    pub title: Line,
}

words! {
    /// Classifications of occupations.
    OccupationScheme {
        /// O*NET-SOC.
        OnetSoc = "onet-soc",
        /// International Standard Classification of Occupations, 2008.
        Isco08 = "isco-08",
    }
}

/// Code of an occupation: digits, `-` and `.` in the shape of one of the schemes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct OccupationCode {
    digits: [u8; Self::ONET_SHAPE.len()],
    scheme: OccupationScheme,
}

as_json_text!(OccupationCode);

words! {
    /// Seniority in an occupation.
    Seniority {
        /// Learning it.
        Entry = "entry",
        /// Practising it.
        Intermediate = "intermediate",
        /// Experienced in it.
        Senior = "senior",
        /// Leading others in it.
        Lead = "lead",
        /// Responsible for an organisation.
        Executive = "executive",
    }
}

words! {
    /// How an effort is known.
    EffortBasis {
        /// Time sheet or billing record.
        Timesheet = "timesheet",
        /// Calendar.
        Calendar = "calendar",
        /// History of the files.
        FileHistory = "file-history",
        /// Estimate.
        Estimate = "estimate",
    }
}

/// Something that shows the effort.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// What it is and who holds it.
    pub description: Line,
    /// SHA-256 of the document, when there is one.
    pub sha256: Option<Digest>,
}

words! {
    /// Whether work was done on the job.
    OnTheJob {
        /// It was.
        Yes = "yes",
        /// It was not.
        No = "no",
    }
}

impl OccupationCode {
    const ONET_SHAPE: &'static [u8] = b"dd-dddd.dd";
    const ISCO_SHAPE: &'static [u8] = b"dddd";

    /// The code as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let length = Self::shape(self.scheme).len();
        // The constructor copied ASCII only, so the default is never taken.
        std::str::from_utf8(&self.digits[..length]).unwrap_or_default()
    }

    /// The scheme whose shape the code has.
    #[must_use]
    pub const fn scheme(&self) -> OccupationScheme {
        self.scheme
    }

    const fn shape(scheme: OccupationScheme) -> &'static [u8] {
        match scheme {
            OccupationScheme::OnetSoc => Self::ONET_SHAPE,
            OccupationScheme::Isco08 => Self::ISCO_SHAPE,
        }
    }
}

impl std::str::FromStr for OccupationCode {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let fits = |scheme: &&OccupationScheme| {
            let shape = Self::shape(**scheme);
            text.len() == shape.len()
                && text.bytes().zip(shape).all(|(byte, &wanted)| match wanted {
                    b'd' => byte.is_ascii_digit(),
                    _ => byte == wanted,
                })
        };
        let required = "an O*NET-SOC code such as 13-2011.00 or an ISCO-08 code such as 2411";
        let scheme =
            *OccupationScheme::ALL.iter().find(fits).ok_or(ValueError::Form { required })?;
        let mut digits = [0; Self::ONET_SHAPE.len()];
        digits[..text.len()].copy_from_slice(text.as_bytes());
        Ok(Self { digits, scheme })
    }
}

impl AttestationBody for Effort {
    const KIND: StatementKind = StatementKind::Effort;

    fn validate(&self, envelope: &Envelope) -> Result<(), PayloadError> {
        if self.occupation.code.scheme() != self.occupation.scheme {
            return Err(PayloadError::field("body.occupation.code", FieldProblem::Contradiction));
        }
        if !(1..=MAX_MINUTES).contains(&self.minutes) {
            let (found, max) = (self.minutes.into(), MAX_MINUTES.into());
            return Err(PayloadError::field(
                "body.minutes",
                FieldProblem::Range { found, min: 1, max },
            ));
        }
        self.period.validate("body.period")?;
        if !envelope.work_period.is_some_and(|work| work.contains(&self.period)) {
            return Err(PayloadError::field("body.period", FieldProblem::OutsidePeriod));
        }
        count("body.evidence", self.evidence.len(), 0, MAX_LIST)
    }

    fn summarize(&self, summary: &mut Summary) {
        summary.add("Occupation", &self.occupation);
        summary.add("Seniority", self.seniority);
        summary.add("Minutes spent", self.minutes);
        summary.add("Basis of the time", self.basis);
        summary.add("Days of the effort", self.period);
        summary.add_each("Evidence", &self.evidence);
        summary.add("Done on the job", self.on_the_job);
    }
}

impl fmt::Display for Occupation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} {})", self.title, self.scheme, self.code)
    }
}

impl fmt::Display for OccupationCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for OccupationCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.description.fmt(f)?;
        self.sha256.map_or(Ok(()), |digest| write!(f, ", sha256 {digest}"))
    }
}
