//! What a person reads before signing: every statement in full, and the exact clause texts that it
//! names, each once, before the first statement that names it.

use std::{
    collections::HashSet,
    io::{BufRead as _, IsTerminal as _, Write as _},
    path::{Path, PathBuf},
};

use attestry_policy::clauses::{ClauseCatalogue, ClauseText};
use attestry_proof::{
    hash::Hash,
    payload::{
        Payload,
        envelope::{ClauseReference, EsignDisclosures},
        fields::Digest,
        nda_check::DtsaNotice,
        text::{Line, ValueError},
    },
};
use serde::Serialize;

use crate::cli::{
    client::{Client, write},
    output::{Failure, Output},
};

/// Statements that are about to be signed, with the texts they name.
pub struct Reading<'a> {
    parts: Vec<Part<'a>>,
}

enum Part<'a> {
    Text(&'a ClauseText),
    Payload(&'a Payload),
}

/// A clause text kept below the output directory.
#[derive(Clone, Debug, Serialize)]
pub struct KeptText {
    set: String,
    version: String,
    locale: String,
    sha256: String,
    file: PathBuf,
}

impl<'a> Reading<'a> {
    /// Finds the texts that the payloads name.
    ///
    /// # Errors
    /// A [`Failure`] if one is not in the catalogue, or is there with other bytes.
    pub fn new(payloads: &'a [Payload], catalogue: &'a ClauseCatalogue) -> Result<Self, Failure> {
        let mut seen: HashSet<Digest> = HashSet::new();
        let mut parts = Vec::new();
        for payload in payloads {
            for named in named(payload) {
                let ClauseReference { set, version, locale, text_sha256 } = named;
                if !seen.insert(*text_sha256) {
                    continue;
                }
                let text = catalogue.get(set.as_str(), version.as_str(), locale.as_str());
                let text = text.filter(|text| *text.sha256() == text_sha256.0.0);
                let text = text.ok_or_else(|| {
                    Failure::service(format!(
                        "the text {set} {version} {locale} that would be signed is not the service's; nothing was signed"
                    ))
                })?;
                parts.push(Part::Text(text));
            }
            parts.push(Part::Payload(payload));
        }
        Ok(Self { parts })
    }

    fn render(&self, heading: impl Fn(&str) -> String) -> String {
        let mut page = String::new();
        for part in &self.parts {
            page.push('\n');
            match part {
                Part::Text(text) => {
                    let title = format!(
                        "clause text {} {} {}, SHA-256 {}",
                        text.set(),
                        text.version(),
                        text.locale(),
                        Hash(*text.sha256())
                    );
                    page.push_str(&heading(&title));
                    page.push_str("\n\n");
                    page.push_str(text.content());
                }
                Part::Payload(payload) => {
                    let digest = Hash::of(&payload.to_bytes());
                    page.push_str(&heading(&format!("{}  sha256 {digest}", payload.kind())));
                    page.push('\n');
                    for (label, value) in payload.summary() {
                        page.push_str(&format!("  {label:<28}  {value}\n"));
                    }
                }
            }
        }
        page
    }

    /// Prints all of it. In JSON mode it goes to standard error, apart from the object, unless it is
    /// `kept` in files that the object names.
    pub fn show(&self, kept: bool, output: &Output) {
        if !output.is_json() {
            output.line(self.render(|title| output.paint(title, 1)));
        } else if !kept {
            let _shown = std::io::stderr().lock().write_all(self.render(str::to_owned).as_bytes());
        }
    }

    /// Writes the texts below `out`, as they were shown.
    ///
    /// # Errors
    /// A [`Failure`] if a file cannot be written, or holds another text under the same name: that one
    /// was signed before.
    pub fn keep_texts(&self, out: &Path) -> Result<(), Failure> {
        for part in &self.parts {
            let Part::Text(text) = part else { continue };
            let path = text_path(out, text.set(), text.version(), text.locale());
            match std::fs::read(&path) {
                Ok(kept) if kept != text.content().as_bytes() => {
                    return Err(Failure::refused(format!(
                        "{} holds another text than the service has under this name now, which it must not \
                         change; ask the operator, or use another --out. Nothing was signed",
                        path.display()
                    )));
                }
                _ => write(&path, text.content().as_bytes())?,
            }
        }
        Ok(())
    }
}

/// The texts that payloads name, as kept below `out`.
pub fn kept_texts<'a>(
    payloads: impl IntoIterator<Item = &'a Payload>,
    out: &Path,
) -> Vec<KeptText> {
    let mut seen: HashSet<Digest> = HashSet::new();
    let named = payloads.into_iter().flat_map(named);
    let new = named.filter(|named| seen.insert(named.text_sha256));
    let kept = new.map(|ClauseReference { set, version, locale, text_sha256 }| KeptText {
        set: set.to_string(),
        version: version.to_string(),
        locale: locale.to_string(),
        sha256: text_sha256.0.to_hex(),
        file: text_path(out, set.as_str(), version.as_str(), locale.as_str()),
    });
    kept.collect()
}

/// The names are identifiers: no separators, no spaces.
fn text_path(out: &Path, set: &str, version: &str, locale: &str) -> PathBuf {
    out.join("texts").join(format!("{set}-{version}-{locale}.md"))
}

/// Every text that a payload says was shown: notices first, its own clauses last.
fn named(payload: &Payload) -> Vec<&ClauseReference> {
    let mut named = Vec::new();
    if let Some(envelope) = payload.envelope() {
        if let EsignDisclosures::Shown(text) = &envelope.electronic_signature.esign {
            named.push(text);
        }
        if let Payload::NdaCheck(check) = payload
            && let DtsaNotice::Shown(text) = &check.body().dtsa_notice
        {
            named.push(text);
        }
        named.push(&envelope.clauses);
    }
    if let Some(envelope) = payload.official_envelope() {
        if let EsignDisclosures::Shown(text) = &envelope.electronic_signature.esign {
            named.push(text);
        }
        named.push(&envelope.clauses);
    }
    named
}

/// Asks whether to sign what was shown.
///
/// # Errors
/// A [`Failure`] if the answer is no, or nobody is there to ask.
pub fn confirm(yes: bool) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return Err(Failure::usage(
            "nobody is there to ask: read the texts and statements above, then run again with --yes",
        ));
    }
    let mut stderr = std::io::stderr().lock();
    let _shown = write!(
        stderr,
        "\nThese are the exact statements that your key will sign, and the texts they name. Sign them? [y/N] "
    );
    let _flushed = stderr.flush();
    let mut answer = String::new();
    let _read = stdin.lock().read_line(&mut answer);
    if matches!(answer.trim(), "y" | "Y" | "yes") {
        Ok(())
    } else {
        Err(Failure::refused("nothing was signed or sent"))
    }
}

/// The clause texts in force at the service: out of these are the ones that are shown and signed.
///
/// # Errors
/// A [`Failure`] if one is not what the service announces, or would not be shown as it is written.
pub async fn catalogue(client: &Client) -> Result<ClauseCatalogue, Failure> {
    let mut texts = Vec::new();
    for set in client.about().await?.clause_sets {
        let text = client.clause_text(&set.set, &set.version, &set.locale).await?;
        if Hash::of(&text).to_hex() != set.sha256 {
            return Err(Failure::service(format!(
                "the service's text of {} is not the one it announces",
                set.set
            )));
        }
        texts.push(text);
    }
    let catalogue = ClauseCatalogue::from_texts(&texts).map_err(|error| {
        Failure::service(format!("the service's clause texts cannot be read: {error}"))
    })?;
    match catalogue.texts().iter().find(|text| !is_shown_as_written(text.content())) {
        None => Ok(catalogue),
        Some(text) => Err(Failure::refused(format!(
            "the service's text {} {} {} holds characters that are invisible, reorder others or steer the terminal; \
             nothing was signed",
            text.set(),
            text.version(),
            text.locale()
        ))),
    }
}

/// Whether a terminal shows a text as it is: the same rule as for what payloads say.
fn is_shown_as_written(text: &str) -> bool {
    let mut rest =
        text.chars().filter(|c| !c.is_ascii_graphic() && !matches!(c, ' ' | '\n' | '\t'));
    !rest.any(|c| Line::new(&format!("a{c}a")) == Err(ValueError::Unprintable))
}

#[cfg(test)]
mod tests {
    use attestry_proof::payload::redaction_check::Scan;

    use super::*;
    use crate::{
        assets,
        cli::{
            answers::Answers,
            submit::{Searched, prepare},
        },
        entropy::OsEntropy,
    };
    use indicatif::ProgressBar;

    /// The payloads of a sample under the texts that are built in.
    fn sample(answers: &str) -> (Vec<Payload>, ClauseCatalogue) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("memo.txt");
        std::fs::write(&file, "A memo.\n").unwrap();
        let files = assets::policies();
        let files: Vec<(&str, &[u8])> =
            files.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice())).collect();
        let catalogue = ClauseCatalogue::parse(&files).unwrap();
        let answers = Answers::parse(answers).unwrap();
        let paths = [file];
        let submission = crate::cli::submit::Submission {
            request: &paths,
            deliverable: &paths,
            answers: &answers,
            out: folder.path(),
            amends: None,
            search: crate::cli::submit::SearchOptions::default(),
            quiet: true,
        };
        let progress = ProgressBar::hidden();
        let found = prepare::find(&submission).unwrap();
        let how = Scan::Manual("Read from end to end.".parse().unwrap());
        let memo = ("memo.txt".to_owned(), Hash::of(b"A memo.\n"));
        let searched = Searched::new(how, Vec::new(), [memo]);
        let with = (&catalogue, &searched);
        let draft = prepare::draft(&submission, &found, with, &OsEntropy, &progress).unwrap();
        (draft.payloads, catalogue)
    }

    const ANSWERS: &str = include_str!("../../../docs/samples/01-board-memo/answers.toml");

    fn with_notices() -> String {
        let shown = ["esign", "dtsa_notice"].map(|notice| format!("\n{notice} = \"shown\""));
        let absent = shown.clone().map(|line| line.replace("shown", "not-applicable"));
        assert!(absent.iter().all(|line| ANSWERS.contains(line)));
        ANSWERS.replace(&absent[0], &shown[0]).replace(&absent[1], &shown[1])
    }

    #[test]
    fn every_text_is_shown_once_and_exactly_before_what_names_it() {
        let (payloads, catalogue) = sample(&with_notices());
        let page = Reading::new(&payloads, &catalogue).unwrap().render(str::to_owned);
        let used = [
            "e-sign",
            "manifest",
            "own-work",
            "dtsa-notice",
            "nda-check",
            "redaction-check",
            "task-authority",
            "effort",
        ];
        for set in used {
            let text = catalogue.current(set, "en").unwrap();
            assert_eq!(page.matches(text.content()).count(), 1, "{set}");
            if let Some(statement) = page.find(&format!("\n{set}  sha256 ")) {
                assert!(page.find(text.content()).unwrap() < statement, "{set}");
            }
        }
        let unused = catalogue.current("withdrawal", "en").unwrap();
        assert!(!page.contains(unused.content()));
        let kept = kept_texts(&payloads, Path::new("out"));
        assert_eq!(kept.len(), used.len());
    }

    #[test]
    fn notices_that_were_not_shown_are_not_claimed() {
        let notices = |answers: &str| {
            let (payloads, _) = sample(answers);
            let kept = kept_texts(&payloads, Path::new("out"));
            kept.iter().filter(|text| ["e-sign", "dtsa-notice"].contains(&&*text.set)).count()
        };
        assert_eq!((notices(ANSWERS), notices(&with_notices())), (0, 2));
    }

    #[test]
    fn a_text_that_the_service_does_not_have_is_not_signed() {
        let (payloads, catalogue) = sample(ANSWERS);
        let texts: Vec<Vec<u8>> = catalogue
            .texts()
            .iter()
            .map(|text| text.content().replace("numbered clause", "numbered point").into_bytes())
            .collect();
        let other = ClauseCatalogue::from_texts(&texts).unwrap();
        assert!(Reading::new(&payloads, &other).is_err());
    }

    #[test]
    fn a_text_that_was_signed_is_not_replaced_by_another() {
        let out = tempfile::tempdir().unwrap();
        let (payloads, catalogue) = sample(ANSWERS);
        let reading = Reading::new(&payloads, &catalogue).unwrap();
        reading.keep_texts(out.path()).unwrap();
        reading.keep_texts(out.path()).unwrap();
        let path = out.path().join("texts/effort-1.0-en.md");
        std::fs::write(&path, "Something else.\n").unwrap();
        let refused = reading.keep_texts(out.path()).unwrap_err().to_string();
        assert!(refused.contains("effort-1.0-en.md"), "{refused}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "Something else.\n");
    }

    #[test]
    fn texts_that_steer_a_terminal_are_told_from_those_that_do_not() {
        assert!(is_shown_as_written("Überprüft: “ja” –\n\t字\n"));
        for hidden in ["\u{1b}[2J", "\r", "\u{202e}", "\u{200b}", "\u{7f}", "\0"] {
            assert!(!is_shown_as_written(&format!("I agree{hidden} to it\n")), "{hidden:?}");
        }
    }
}
