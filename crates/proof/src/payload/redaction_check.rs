//! `redaction-check`: what was looked for, what was found and removed, and what is left.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    envelope::{Envelope, ManifestCommitment, Tool},
    error::{FieldProblem, PayloadError},
    fields::{Digest, count, distinct},
    kind::StatementKind,
    statement::AttestationBody,
    summary::Summary,
    text::{Line, Passage},
    words::words,
};

/// Most accepted findings in one payload; more than that belongs into another pass of redaction.
pub const MAX_ACCEPTED_FINDINGS: usize = 100;

/// Redaction as done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedactionCheck {
    /// How the files were searched.
    pub scan: Scan,
    /// What was removed, at most one entry per category and method.
    pub removed: Vec<Removal>,
    /// What was found in each [`HiddenChannel`], each exactly once.
    pub hidden_channels: Vec<ChannelCheck>,
    /// Findings left in place, each with its reason.
    pub accepted_findings: Vec<AcceptedFinding>,
    /// What may still be there.
    pub residual_risk: ResidualRisk,
    /// What the residual risk consists in; required unless it is `none-known`.
    pub residual_risk_note: Option<Passage>,
    /// The manifest of the files after redaction: one of those in the envelope.
    pub output: ManifestCommitment,
    /// Whether the substance of the work is still secret, names and numbers aside.
    pub substance: Substance,
}

/// How the files were searched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Scan {
    /// By a program.
    Tool {
        /// SHA-256 of its report.
        report_sha256: Digest,
        /// The program.
        tool: Tool,
        /// SHA-256 of the rules it searched by.
        rules_sha256: Digest,
    },
    /// By reading; the passage says how.
    Manual(Passage),
}

/// Something removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Removal {
    /// What it was.
    pub category: RedactionCategory,
    /// How it was removed.
    pub method: RedactionMethod,
    /// In how many places.
    pub places: u32,
}

words! {
    /// What redaction looks for.
    RedactionCategory {
        /// Names of persons.
        PersonName = "person-name",
        /// Addresses, telephone numbers, e-mail addresses.
        Contact = "contact",
        /// Identity, tax, account and card numbers.
        Identifier = "identifier",
        /// Health, biometric and other sensitive personal data.
        SensitivePersonalData = "sensitive-personal-data",
        /// Names of companies, clients, products and projects.
        OrganisationName = "organisation-name",
        /// Prices, revenue, forecasts and other figures.
        Financial = "financial",
        /// Material non-public information.
        Mnpi = "mnpi",
        /// Trade secrets and other proprietary substance.
        TradeSecret = "trade-secret",
        /// Privileged communication.
        Privileged = "privileged",
        /// Passwords, keys and tokens.
        Credential = "credential",
        /// Properties, comments, history and location data.
        Metadata = "metadata",
    }
}

words! {
    /// How something is removed.
    RedactionMethod {
        /// Taken out.
        Removed = "removed",
        /// Replaced by something less exact.
        Generalised = "generalised",
        /// Replaced by something invented.
        Synthetic = "synthetic",
    }
}

/// What was found in one hidden channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChannelCheck {
    /// The channel.
    pub channel: HiddenChannel,
    /// What was found.
    pub result: ChannelResult,
}

words! {
    /// Places where content survives without being seen.
    HiddenChannel {
        /// Tracked changes.
        TrackedChanges = "tracked-changes",
        /// Comments and annotations.
        Comments = "comments",
        /// Hidden sheets, rows, slides and text.
        HiddenContent = "hidden-content",
        /// Speaker notes.
        SpeakerNotes = "speaker-notes",
        /// Document properties and custom XML.
        DocumentProperties = "document-properties",
        /// Embedded objects, attachments and archives in archives.
        Embedded = "embedded",
        /// External links.
        ExternalLinks = "external-links",
        /// EXIF, XMP, GPS data and thumbnails.
        ImageMetadata = "image-metadata",
        /// Earlier revisions inside a PDF.
        PdfRevisions = "pdf-revisions",
        /// Text under drawn boxes and in recognition layers.
        CoveredText = "covered-text",
        /// Version history and author addresses of repositories.
        RepositoryHistory = "repository-history",
        /// Outputs stored in notebooks.
        NotebookOutputs = "notebook-outputs",
    }
}

words! {
    /// What was found in a hidden channel.
    ChannelResult {
        /// Looked: nothing there.
        Clean = "clean",
        /// Something was there and was removed.
        Removed = "removed",
        /// Something is there and was left on purpose.
        Accepted = "accepted",
        /// None of the files can have it.
        NotApplicable = "not-applicable",
        /// Not looked.
        NotChecked = "not-checked",
    }
}

/// A finding left in place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcceptedFinding {
    /// Identifier of the finding in the scan report, or where it is.
    pub finding: Line,
    /// What it is.
    pub category: RedactionCategory,
    /// Why it stays.
    pub reason: Passage,
}

words! {
    /// What may still be in the files.
    ResidualRisk {
        /// Nothing known.
        NoneKnown = "none-known",
        /// Little.
        Low = "low",
        /// Some.
        Medium = "medium",
        /// Much.
        High = "high",
    }
}

/// Whether the substance of the work is still secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Substance {
    /// It is not, or never was.
    NotSecret,
    /// It may be; the passage says why.
    Unsure(Passage),
    /// It is; the passage says what.
    Secret(Passage),
}

impl AttestationBody for RedactionCheck {
    const KIND: StatementKind = StatementKind::RedactionCheck;

    fn validate(&self, envelope: &Envelope) -> Result<(), PayloadError> {
        distinct("body.removed", self.removed.iter().map(|r| (r.category, r.method)))?;
        if self.removed.iter().any(|removal| removal.places == 0) {
            let problem = FieldProblem::Range { found: 0, min: 1, max: u32::MAX.into() };
            return Err(PayloadError::field("body.removed.places", problem));
        }
        distinct("body.hidden_channels", self.hidden_channels.iter().map(|check| check.channel))?;
        if self.hidden_channels.len() != HiddenChannel::ALL.len() {
            return Err(PayloadError::field("body.hidden_channels", FieldProblem::Incomplete));
        }
        count("body.accepted_findings", self.accepted_findings.len(), 0, MAX_ACCEPTED_FINDINGS)?;
        let none_known = self.residual_risk == ResidualRisk::NoneKnown;
        match &self.residual_risk_note {
            None if !none_known => {
                return Err(PayloadError::field("body.residual_risk_note", FieldProblem::Missing));
            }
            Some(_) if none_known => {
                let problem = FieldProblem::Unexpected;
                return Err(PayloadError::field("body.residual_risk_note", problem));
            }
            _ => {}
        }
        if !envelope.manifests.contains(&self.output) {
            return Err(PayloadError::field("body.output", FieldProblem::Contradiction));
        }
        Ok(())
    }

    fn summarize(&self, summary: &mut Summary) {
        match &self.scan {
            Scan::Tool { report_sha256, tool, rules_sha256 } => {
                summary.add("Scanned with", tool);
                summary.add("Scan report SHA-256", report_sha256);
                summary.add("Scan rules SHA-256", rules_sha256);
            }
            Scan::Manual(how) => summary.add("Searched by reading", how),
        }
        summary.add_each("Removed", &self.removed);
        summary.add_each("Hidden channel", &self.hidden_channels);
        summary.add_each("Finding accepted", &self.accepted_findings);
        summary.add("Residual risk", self.residual_risk);
        summary.add_some("Residual risk note", self.residual_risk_note.as_ref());
        summary.add("Files after redaction", self.output);
        match &self.substance {
            Substance::NotSecret => summary.add("Substance", "not-secret"),
            Substance::Unsure(why) => summary.add("Substance possibly secret", why),
            Substance::Secret(what) => summary.add("Substance still secret", what),
        }
    }
}

impl fmt::Display for Removal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}, places: {}", self.category, self.method, self.places)
    }
}

impl fmt::Display for ChannelCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.channel, self.result)
    }
}

impl fmt::Display for AcceptedFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}", self.finding, self.category, self.reason)
    }
}
