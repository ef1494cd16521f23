//! `nda-check`: which agreements were read, and why they allow the submission.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    envelope::{ClauseReference, Envelope},
    error::{FieldProblem, PayloadError},
    fields::{Date, count, distinct},
    kind::StatementKind,
    shared::{Document, Grant},
    statement::{AttestationBody, MAX_LIST},
    summary::Summary,
    text::{Line, Passage},
    words::words,
};

/// Duties of confidence, and how they were looked into.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NdaCheck {
    /// For whom the work was done, at least one.
    pub done_for: Vec<Party>,
    /// What was found for each [`AgreementKind`], each exactly once.
    pub agreements: Vec<Agreement>,
    /// Exclusions from confidence that the signer relies on.
    pub exclusions: Vec<Exclusion>,
    /// Permission by whoever could object.
    pub permission: Permission,
    /// Material non-public information.
    pub mnpi: Presence,
    /// Regulated sectors that the work touches.
    pub regulated_sectors: Vec<Sector>,
    /// Whether a lawyer was asked.
    pub counsel: Counsel,
    /// Notice of immunity under the Defend Trade Secrets Act, 18 U.S.C. 1833(b).
    pub dtsa_notice: DtsaNotice,
}

/// For whom work was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Party {
    /// An employer, by name.
    Employer(Line),
    /// A client, by name.
    Client(Line),
    /// Nobody but the signer.
    SelfEmployed,
}

/// What was found about one kind of agreement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agreement {
    /// Kind of agreement.
    pub kind: AgreementKind,
    /// What was found.
    pub finding: AgreementFinding,
}

words! {
    /// Agreements that can restrict what may be passed on.
    AgreementKind {
        /// Non-disclosure agreement.
        Nda = "nda",
        /// Employment agreement.
        Employment = "employment",
        /// Assignment of inventions or other intellectual property.
        IpAssignment = "ip-assignment",
        /// Contractor or services agreement.
        Contractor = "contractor",
        /// Policy of the employer or client.
        Policy = "policy",
        /// Protective order of a court.
        ProtectiveOrder = "protective-order",
        /// Government classification or export control.
        GovernmentExport = "government-export",
    }
}

/// What was found about an agreement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum AgreementFinding {
    /// There is none of this kind.
    None,
    /// There is one or may be one, and the signer did not read it.
    NotReviewed,
    /// Read.
    Reviewed {
        /// Date of the agreement, when known.
        dated: Option<Date>,
        /// The document.
        document: Document,
        /// How long its duties last.
        survival: Survival,
        /// Whether it restricts this submission.
        restricts: Restriction,
    },
}

/// How long duties last after the agreement ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Survival {
    /// Nothing is said.
    NotStated,
    /// Until this day.
    Until(Date),
    /// Without end.
    Indefinite,
}

words! {
    /// Whether an agreement restricts the submission.
    Restriction {
        /// It does not.
        No = "no",
        /// It would, but an exclusion or a permission covers the submission.
        Covered = "covered",
        /// It does.
        Yes = "yes",
    }
}

/// An exclusion from confidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exclusion {
    /// Its ground.
    pub ground: ExclusionGround,
    /// Why it applies.
    pub reason: Passage,
}

words! {
    /// Grounds on which information is not confidential.
    ExclusionGround {
        /// Public without anybody's breach.
        Public = "public",
        /// Known before.
        KnownBefore = "known-before",
        /// Developed independently.
        IndependentlyDeveloped = "independently-developed",
        /// Received from somebody free to pass it on.
        FromThirdParty = "from-third-party",
        /// General skill and knowledge of the occupation.
        GeneralSkill = "general-skill",
        /// Nothing confidential remains after redaction.
        Redacted = "redacted",
    }
}

/// Permission to submit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Permission {
    /// None is needed.
    NotNeeded,
    /// None was given.
    NotObtained,
    /// Given.
    Obtained(Grant),
}

/// Whether something is in the work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Presence {
    /// It is not.
    None,
    /// It is: what, and why it is there.
    Present(Passage),
}

words! {
    /// Sectors with duties of secrecy of their own.
    Sector {
        /// Banking and payments.
        Banking = "banking",
        /// Securities and markets.
        Securities = "securities",
        /// Health care.
        Health = "health",
        /// Legal advice and litigation.
        Legal = "legal",
        /// Insurance.
        Insurance = "insurance",
        /// Education records.
        Education = "education",
        /// Defence and controlled exports.
        DefenceExport = "defence-export",
        /// Government work.
        Government = "government",
        /// Telecommunications.
        Telecommunications = "telecommunications",
        /// Energy and other critical infrastructure.
        CriticalInfrastructure = "critical-infrastructure",
    }
}

/// Whether a lawyer was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Counsel {
    /// No.
    NotConsulted,
    /// Yes, on this day.
    Consulted(Date),
}

/// Notice under 18 U.S.C. 1833(b).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum DtsaNotice {
    /// Shown in this text.
    Shown(ClauseReference),
    /// Not owed to this signer.
    NotApplicable,
}

impl AttestationBody for NdaCheck {
    const KIND: StatementKind = StatementKind::NdaCheck;

    fn validate(&self, _envelope: &Envelope) -> Result<(), PayloadError> {
        count("body.done_for", self.done_for.len(), 1, MAX_LIST)?;
        distinct("body.agreements", self.agreements.iter().map(|agreement| agreement.kind))?;
        if self.agreements.len() != AgreementKind::ALL.len() {
            return Err(PayloadError::field("body.agreements", FieldProblem::Incomplete));
        }
        count("body.exclusions", self.exclusions.len(), 0, MAX_LIST)?;
        distinct("body.exclusions", self.exclusions.iter().map(|exclusion| exclusion.ground))?;
        distinct("body.regulated_sectors", &self.regulated_sectors)?;
        let relies_on_cover = self.agreements.iter().any(|agreement| {
            let AgreementFinding::Reviewed { restricts, .. } = agreement.finding else {
                return false;
            };
            restricts == Restriction::Covered
        });
        let cover =
            !self.exclusions.is_empty() || matches!(self.permission, Permission::Obtained(_));
        if relies_on_cover && !cover {
            return Err(PayloadError::field("body.exclusions", FieldProblem::Missing));
        }
        Ok(())
    }

    fn summarize(&self, summary: &mut Summary) {
        summary.add_each("Work done for", &self.done_for);
        summary.add_each("Agreement", &self.agreements);
        summary.add_each("Exclusion relied on", &self.exclusions);
        match &self.permission {
            Permission::NotNeeded => summary.add("Permission", "not-needed"),
            Permission::NotObtained => summary.add("Permission", "not-obtained"),
            Permission::Obtained(grant) => summary.add("Permission obtained", grant),
        }
        match &self.mnpi {
            Presence::None => summary.add("Material non-public information", "none"),
            Presence::Present(what) => summary.add("Material non-public information present", what),
        }
        summary.add_each("Regulated sector", &self.regulated_sectors);
        match self.counsel {
            Counsel::NotConsulted => summary.add("Counsel", "not-consulted"),
            Counsel::Consulted(date) => summary.add("Counsel consulted", date),
        }
        match &self.dtsa_notice {
            DtsaNotice::Shown(text) => summary.add("DTSA notice shown", text),
            DtsaNotice::NotApplicable => summary.add("DTSA notice", "not-applicable"),
        }
    }
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Employer(name) => write!(f, "employer: {name}"),
            Self::Client(name) => write!(f, "client: {name}"),
            Self::SelfEmployed => f.write_str("self-employed"),
        }
    }
}

impl fmt::Display for Agreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.kind)?;
        match &self.finding {
            AgreementFinding::None => f.write_str("none"),
            AgreementFinding::NotReviewed => f.write_str("not-reviewed"),
            AgreementFinding::Reviewed { dated, document, survival, restricts } => {
                f.write_str("reviewed")?;
                if let Some(date) = dated {
                    write!(f, ", dated {date}")?;
                }
                write!(f, ", document {document}, survival {survival}, restricts: {restricts}")
            }
        }
    }
}

impl fmt::Display for Survival {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotStated => f.write_str("not-stated"),
            Self::Until(date) => write!(f, "until {date}"),
            Self::Indefinite => f.write_str("indefinite"),
        }
    }
}

impl fmt::Display for Exclusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.ground, self.reason)
    }
}
