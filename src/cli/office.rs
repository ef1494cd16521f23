//! What reviewers and officers sign besides what they have to say: role, clause text, answers.

use attestry_policy::clauses::{ClauseCatalogue, ClauseText};
use attestry_proof::{
    hash::Hash,
    payload::{
        envelope::{
            Answer, ClauseAnswer, ClauseReference, DutyToUpdate, EidasLevel, ElectronicSignature,
            EsignDisclosures,
        },
        fields::{Digest, Timestamp},
        key_event::MemberRole,
        office::OfficialEnvelope,
        text::{Name, Passage},
    },
};

use super::{output::Failure, submit};
use crate::clock::{Clock as _, SystemClock};

/// Clause set of the disclosures for electronic signatures.
const ESIGN_SET: &str = "e-sign";

/// How whoever speaks in an office signs.
#[derive(clap::Args)]
pub struct Signing {
    /// Language of the clause texts.
    #[arg(long, default_value = "en")]
    locale: String,
    /// A clause that is not answered yes, with what differs: CLAUSE=TEXT; may be repeated.
    #[arg(long = "except", value_name = "CLAUSE=TEXT")]
    exceptions: Vec<String>,
    /// Directory to keep the statement in, with its payload, clause texts and proofs.
    #[arg(long, value_name = "DIR")]
    pub out: Option<std::path::PathBuf>,
    /// Sign without asking. The statement and its clause texts are printed all the same; with
    /// --json and --out they are in files that the object names.
    #[arg(long)]
    pub yes: bool,
}

impl Signing {
    /// For the demonstration: nothing is asked, everything is kept.
    pub(super) fn unasked(out: std::path::PathBuf) -> Self {
        Self { locale: "en".into(), exceptions: Vec::new(), out: Some(out), yes: true }
    }

    /// The envelope under the current text of a clause set.
    ///
    /// # Errors
    /// A [`Failure`] if there is no text in this language, or an exception names no clause of it.
    pub fn envelope(
        &self,
        catalogue: &ClauseCatalogue,
        set: &str,
        capacity: MemberRole,
    ) -> Result<OfficialEnvelope, Failure> {
        let text = text(catalogue, set, &self.locale)?;
        let stated_at = Timestamp::new(SystemClock.now())
            .ok_or_else(|| Failure::usage("the clock is outside the years 1 to 9999"))?;
        Ok(OfficialEnvelope {
            stated_at,
            capacity,
            clauses: reference(text)?,
            answers: self.answers(text)?,
            electronic_signature: electronic_signature(catalogue, &self.locale)?,
            tool: submit::tool()?,
        })
    }

    fn answers(&self, text: &ClauseText) -> Result<Vec<ClauseAnswer>, Failure> {
        let mut exceptions: Vec<(&str, Passage)> = Vec::new();
        for exception in &self.exceptions {
            let (clause, words) = exception.split_once('=').ok_or_else(|| {
                Failure::usage(format!("--except {exception}: write CLAUSE=TEXT"))
            })?;
            if !text.clauses().iter().any(|known| known == clause) {
                let known = text.clauses().join(", ");
                return Err(Failure::usage(format!("--except {clause}: the clauses are {known}")));
            }
            let words = Passage::new(words)
                .map_err(|error| Failure::usage(format!("--except {clause}: {error}")))?;
            exceptions.push((clause, words));
        }
        text.clauses()
            .iter()
            .map(|clause| {
                let differs = exceptions.iter().find(|(named, _)| named == clause);
                let (answer, text) = match differs {
                    Some((_, words)) => (Answer::Exception, Some(words.clone())),
                    None => (Answer::Yes, None),
                };
                Ok(ClauseAnswer { clause: name(clause)?, answer, text })
            })
            .collect()
    }
}

fn text<'a>(
    catalogue: &'a ClauseCatalogue,
    set: &str,
    locale: &str,
) -> Result<&'a ClauseText, Failure> {
    catalogue
        .current(set, locale)
        .ok_or_else(|| Failure::service(format!("the service has no text {set:?} in {locale:?}")))
}

/// Consent to the electronic form, under the current disclosures.
///
/// # Errors
/// A [`Failure`] if there are none in this language.
pub(super) fn electronic_signature(
    catalogue: &ClauseCatalogue,
    locale: &str,
) -> Result<ElectronicSignature, Failure> {
    Ok(ElectronicSignature {
        esign: EsignDisclosures::Shown(reference(text(catalogue, ESIGN_SET, locale)?)?),
        ueta_intent: DutyToUpdate::Agreed,
        eidas_level: EidasLevel::Advanced,
    })
}

/// Names a clause text.
pub(super) fn reference(text: &ClauseText) -> Result<ClauseReference, Failure> {
    Ok(ClauseReference {
        set: name(text.set())?,
        version: name(text.version())?,
        locale: name(text.locale())?,
        text_sha256: Digest(Hash(*text.sha256())),
    })
}

fn name(text: &str) -> Result<Name, Failure> {
    Name::new(text).map_err(|error| Failure::service(format!("{text}: {error}")))
}
