//! What every attestation says besides its own subject matter: who speaks in which capacity, about
//! which files and which period, under which clauses, and how far they vouch for it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    error::{FieldProblem, PayloadError},
    fields::{Date, Digest, SubmissionId, Timestamp, count, distinct},
    kind::StatementKind,
    summary::Summary,
    text::{Jurisdiction, Line, Name, Passage},
    words::words,
};
use crate::manifest::{MAX_FILES, Manifest, Role};

/// Most clauses that one attestation answers.
pub const MAX_ANSWERS: usize = 64;
/// Most manifests that one attestation names: one for each side of a submission.
pub const MAX_MANIFESTS: usize = 2;

/// The shared part of every attestation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Envelope {
    /// The submission spoken about; equals the subject of the statement's header.
    pub subject: SubmissionId,
    /// When the signer says so, by the signer's clock.
    pub stated_at: Timestamp,
    /// The exact clause text that was shown.
    pub clauses: ClauseReference,
    /// One answer per clause of that text.
    pub answers: Vec<ClauseAnswer>,
    /// The manifests spoken about; may be empty in a withdrawal only.
    pub manifests: Vec<ManifestCommitment>,
    /// In which capacity and under which law the signer speaks.
    pub signer: Signer,
    /// When the work was done; may be absent in a withdrawal only.
    pub work_period: Option<Period>,
    /// How far the signer's knowledge goes.
    pub knowledge: Knowledge,
    /// Whether the signer agrees to report when something stated turns out wrong.
    pub duty_to_update: DutyToUpdate,
    /// Consent to sign and receive records electronically.
    pub electronic_signature: ElectronicSignature,
    /// Leaf hash of the statement that this one replaces.
    pub supersedes: Option<Digest>,
    /// The program that rendered and signed the payload.
    pub tool: Tool,
}

/// A clause text, named and pinned to its exact bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClauseReference {
    /// Identifier of the clause set.
    pub set: Name,
    /// Version of the clause set.
    pub version: Name,
    /// Language of the text, as a lowercase BCP 47 tag (`en`, `de-ch`).
    pub locale: Name,
    /// SHA-256 of the file that was shown.
    pub text_sha256: Digest,
}

/// Answer to one clause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClauseAnswer {
    /// Identifier of the clause within its set.
    pub clause: Name,
    /// The answer.
    pub answer: Answer,
    /// What the exception is; required with `exception`, optional with `no`, absent with `yes`.
    pub text: Option<Passage>,
}

words! {
    /// Answer to a clause.
    Answer {
        /// Agreed as written.
        Yes = "yes",
        /// Not agreed.
        No = "no",
        /// Agreed but for what the text says.
        Exception = "exception",
    }
}

/// Commitment to one side of a submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestCommitment {
    /// Which side.
    pub role: Role,
    /// Commitment over the file records.
    pub commitment: Digest,
    /// Number of files, at least 1.
    pub count: u64,
}

/// Who speaks, and under which law.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signer {
    /// Capacity in which the signer speaks.
    pub capacity: Capacity,
    /// Where the signer is.
    pub jurisdiction: Jurisdiction,
    /// Law that governs the statement.
    pub governing_law: Jurisdiction,
}

words! {
    /// Capacity of a signer.
    Capacity {
        /// For themselves.
        Individual = "individual",
        /// As an independent contractor, for themselves.
        Contractor = "contractor",
        /// As somebody's employee, with authority to speak about the work.
        Employee = "employee",
        /// As owner or officer of a business.
        BusinessOwner = "business-owner",
        /// As agent of somebody else.
        Agent = "agent",
    }
}

/// Days from `start` to `end`, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Period {
    /// First day.
    pub start: Date,
    /// Last day; not before `start`.
    pub end: Date,
}

words! {
    /// How far the signer vouches for what is stated.
    Knowledge {
        /// Known at first hand.
        PersonalKnowledge = "personal-knowledge",
        /// Known after asking and looking as a careful person would.
        ReasonableInquiry = "reasonable-inquiry",
        /// Believed on what others said.
        InformationAndBelief = "information-and-belief",
    }
}

words! {
    /// Whether the signer will report what turns out wrong.
    DutyToUpdate {
        /// Agreed.
        Agreed = "agreed",
        /// Refused.
        Refused = "refused",
    }
}

/// Consent to the electronic form, as three laws ask for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ElectronicSignature {
    /// Consumer disclosures of the ESIGN Act, 15 U.S.C. 7001(c).
    pub esign: EsignDisclosures,
    /// Intent to sign and to deal electronically (UETA §5(b)); must be `agreed`.
    pub ueta_intent: DutyToUpdate,
    /// Level of the signature under eIDAS.
    pub eidas_level: EidasLevel,
}

/// Disclosures of the ESIGN Act.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum EsignDisclosures {
    /// Shown in this text and consented to.
    Shown(ClauseReference),
    /// Not owed to this signer.
    NotApplicable,
}

words! {
    /// Level of an electronic signature under Regulation (EU) 910/2014, Art. 3(10)–(12).
    EidasLevel {
        /// Electronic signature.
        Simple = "simple",
        /// Advanced electronic signature.
        Advanced = "advanced",
        /// Qualified electronic signature.
        Qualified = "qualified",
    }
}

/// A program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tool {
    /// Its name.
    pub name: Line,
    /// Its version.
    pub version: Line,
}

impl Envelope {
    /// Rules between the fields; `kind` decides what may be absent.
    pub(super) fn validate(&self, kind: StatementKind) -> Result<(), PayloadError> {
        validate_answers(&self.answers)?;
        let withdrawal = kind == StatementKind::Withdrawal;
        let least = usize::from(!withdrawal);
        count("envelope.manifests", self.manifests.len(), least, MAX_MANIFESTS)?;
        let roles = self.manifests.iter().map(|manifest| manifest.role.as_str());
        distinct("envelope.manifests", roles)?;
        self.manifests.iter().try_for_each(ManifestCommitment::validate)?;
        match &self.work_period {
            Some(period) => period.validate("envelope.work_period")?,
            None if withdrawal => {}
            None => {
                return Err(PayloadError::field("envelope.work_period", FieldProblem::Missing));
            }
        }
        self.electronic_signature.validate()
    }

    pub(super) fn summarize(&self, summary: &mut Summary) {
        summary.add("Submission", self.subject);
        summary.add("Stated at", self.stated_at);
        summary.add_each("Manifest", &self.manifests);
        summary.add("Signer's capacity", self.signer.capacity);
        summary.add("Signer's jurisdiction", &self.signer.jurisdiction);
        summary.add("Governing law", &self.signer.governing_law);
        summary.add_some("Period of the work", self.work_period.as_ref());
        summary.add("Knowledge", self.knowledge);
        summary.add("Duty to update", self.duty_to_update);
        self.electronic_signature.summarize(summary);
        summary.add("Clauses shown", &self.clauses);
        summary.add_each("Clause", &self.answers);
        summary.add_some("Supersedes", self.supersedes.as_ref());
        summary.add("Signed with", &self.tool);
    }
}

impl ElectronicSignature {
    pub(super) fn validate(&self) -> Result<(), PayloadError> {
        if self.ueta_intent == DutyToUpdate::Agreed {
            return Ok(());
        }
        let field = "envelope.electronic_signature.ueta_intent";
        Err(PayloadError::field(field, FieldProblem::NotAgreed))
    }

    pub(super) fn summarize(&self, summary: &mut Summary) {
        match &self.esign {
            EsignDisclosures::Shown(text) => summary.add("ESIGN disclosures shown", text),
            EsignDisclosures::NotApplicable => summary.add("ESIGN disclosures", "not-applicable"),
        }
        summary.add("Intent to sign (UETA)", self.ueta_intent);
        summary.add("eIDAS level", self.eidas_level);
    }
}

/// Every clause at most once, and a text where an answer needs one.
pub(super) fn validate_answers(answers: &[ClauseAnswer]) -> Result<(), PayloadError> {
    count("envelope.answers", answers.len(), 1, MAX_ANSWERS)?;
    distinct("envelope.answers", answers.iter().map(|answer| &answer.clause))?;
    answers.iter().try_for_each(ClauseAnswer::validate)
}

impl ClauseAnswer {
    fn validate(&self) -> Result<(), PayloadError> {
        match (self.answer, &self.text) {
            (Answer::Exception, None) => {
                Err(PayloadError::field("envelope.answers.text", FieldProblem::Missing))
            }
            (Answer::Yes, Some(_)) => {
                Err(PayloadError::field("envelope.answers.text", FieldProblem::Unexpected))
            }
            _ => Ok(()),
        }
    }
}

impl ManifestCommitment {
    /// Names `manifest`.
    #[must_use]
    pub fn of(manifest: &Manifest) -> Self {
        let (role, commitment) = (manifest.role(), Digest(manifest.commitment()));
        Self { role, commitment, count: manifest.count() }
    }

    fn validate(&self) -> Result<(), PayloadError> {
        let (found, max) = (self.count, MAX_FILES as u64);
        if !(1..=max).contains(&found) {
            let problem = FieldProblem::Range { found, min: 1, max };
            return Err(PayloadError::field("envelope.manifests.count", problem));
        }
        Ok(())
    }
}

impl Period {
    pub(super) fn validate(&self, field: &'static str) -> Result<(), PayloadError> {
        if self.start <= self.end {
            Ok(())
        } else {
            Err(PayloadError::field(field, FieldProblem::EndsBeforeStart))
        }
    }

    /// True when every day of `other` is a day of this period.
    #[must_use]
    pub fn contains(&self, other: &Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}", self.start, self.end)
    }
}

impl fmt::Display for ManifestCommitment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { role, commitment, count } = self;
        write!(f, "{}, files: {count}, commitment {commitment}", role.as_str())
    }
}

impl fmt::Display for ClauseReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { set, version, locale, text_sha256 } = self;
        write!(f, "{set} {version} ({locale}), SHA-256 {text_sha256}")
    }
}

impl fmt::Display for ClauseAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.clause, self.answer)?;
        self.text.as_ref().map_or(Ok(()), |text| write!(f, ": {text}"))
    }
}

impl fmt::Display for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.version)
    }
}
