//! `own-work`: whose work it is, what else is in it, and what it may be used for.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    envelope::Envelope,
    error::{FieldProblem, PayloadError},
    fields::{Date, count},
    kind::StatementKind,
    shared::{Document, Ownership},
    statement::{AttestationBody, MAX_LIST},
    summary::Summary,
    text::{Line, Passage},
    words::words,
};

/// Authorship, rights and consent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnWork {
    /// The signer's part of the authorship, in percent, 1 to 100.
    pub authorship_percent: u8,
    /// Everybody else who wrote; empty exactly when the signer wrote everything.
    pub co_authors: Vec<CoAuthor>,
    /// The signer's role in the work.
    pub role: Line,
    /// Who owns the work.
    pub ownership: Ownership,
    /// Whether the work was made for hire.
    pub work_for_hire: Hire,
    /// How the right to submit came to the signer, from the first owner on; empty when never lost.
    pub licence_chain: Vec<Licence>,
    /// What others made and is still in the work.
    pub third_party_content: Vec<ThirdPartyContent>,
    /// What was written with a generative model.
    pub ai_assistance: AiAssistance,
    /// Moral rights.
    pub moral_rights: MoralRights,
    /// Consent, purpose by purpose.
    pub consent: PurposeConsent,
}

/// Another author.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CoAuthor {
    /// Name, or a description when the name is not to be given.
    pub name: Line,
    /// What they wrote.
    pub contribution: Line,
    /// Whether they agreed to the submission.
    pub agreed: CoAuthorConsent,
}

words! {
    /// Whether a co-author agreed to the submission.
    CoAuthorConsent {
        /// Agreed.
        Granted = "granted",
        /// Refused.
        Refused = "refused",
        /// Nobody asked.
        NotAsked = "not-asked",
    }
}

words! {
    /// Whether the work was made for hire.
    Hire {
        /// It was.
        Yes = "yes",
        /// It was not.
        No = "no",
        /// The signer does not know.
        Unsure = "unsure",
    }
}

/// One step by which a right was passed on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Licence {
    /// Who gave the right.
    pub from: Line,
    /// Who received it.
    pub to: Line,
    /// What was agreed: assignment, licence, policy.
    pub instrument: Line,
    /// Date of the agreement, when known.
    pub dated: Option<Date>,
    /// The document.
    pub document: Document,
}

/// Something in the work that somebody else made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ThirdPartyContent {
    /// What it is and where it is found.
    pub description: Line,
    /// Where it comes from.
    pub source: Line,
    /// By what right it may be passed on.
    pub licence: Line,
}

/// Use of generative models.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum AiAssistance {
    /// None.
    None,
    /// Some.
    Used {
        /// Which tools, at least one.
        tools: Vec<Line>,
        /// For what, and how much of the result remains.
        extent: Passage,
    },
}

words! {
    /// What becomes of the author's moral rights.
    MoralRights {
        /// Kept.
        Retained = "retained",
        /// Waived as far as the law allows.
        Waived = "waived",
        /// Kept but not asserted against the permitted uses.
        NotAsserted = "not-asserted",
    }
}

/// Consent for each purpose; none follows from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PurposeConsent {
    /// Training of models.
    pub training: Consent,
    /// Evaluation of models.
    pub evaluation: Consent,
    /// Passing the files on to others.
    pub redistribution: Consent,
}

words! {
    /// A decision about one purpose.
    Consent {
        /// Allowed.
        Granted = "granted",
        /// Not allowed.
        Refused = "refused",
    }
}

impl AttestationBody for OwnWork {
    const KIND: StatementKind = StatementKind::OwnWork;

    fn validate(&self, _envelope: &Envelope) -> Result<(), PayloadError> {
        let percent = self.authorship_percent;
        if !(1..=100).contains(&percent) {
            let problem = FieldProblem::Range { found: percent.into(), min: 1, max: 100 };
            return Err(PayloadError::field("body.authorship_percent", problem));
        }
        count("body.co_authors", self.co_authors.len(), 0, MAX_LIST)?;
        if (percent == 100) != self.co_authors.is_empty() {
            return Err(PayloadError::field("body.co_authors", FieldProblem::Contradiction));
        }
        self.ownership.validate("body.ownership.name")?;
        count("body.licence_chain", self.licence_chain.len(), 0, MAX_LIST)?;
        count("body.third_party_content", self.third_party_content.len(), 0, MAX_LIST)?;
        if let AiAssistance::Used { tools, .. } = &self.ai_assistance {
            count("body.ai_assistance.used.tools", tools.len(), 1, MAX_LIST)?;
        }
        Ok(())
    }

    fn summarize(&self, summary: &mut Summary) {
        summary.add("Authorship", format_args!("{} %", self.authorship_percent));
        summary.add_each("Co-author", &self.co_authors);
        summary.add("Role", &self.role);
        summary.add("Owner", &self.ownership);
        summary.add("Work for hire", self.work_for_hire);
        summary.add_each("Licence", &self.licence_chain);
        summary.add_each("Third-party content", &self.third_party_content);
        match &self.ai_assistance {
            AiAssistance::None => summary.add("AI assistance", "none"),
            AiAssistance::Used { tools, extent } => {
                summary.add_each("AI tool used", tools);
                summary.add("Extent of AI assistance", extent);
            }
        }
        summary.add("Moral rights", self.moral_rights);
        summary.add("Consent to training", self.consent.training);
        summary.add("Consent to evaluation", self.consent.evaluation);
        summary.add("Consent to redistribution", self.consent.redistribution);
    }
}

impl fmt::Display for CoAuthor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; consent {}", self.name, self.contribution, self.agreed)
    }
}

impl fmt::Display for Licence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}: {}", self.from, self.to, self.instrument)?;
        if let Some(date) = self.dated {
            write!(f, ", dated {date}")?;
        }
        write!(f, ", document {}", self.document)
    }
}

impl fmt::Display for ThirdPartyContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; from {}; licence {}", self.description, self.source, self.licence)
    }
}
