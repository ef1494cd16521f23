//! The search before signing: by the rules of the service, over all files of both sides. What it
//! finds is fixed or accepted with a reason before anything is signed.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use attestry_proof::{
    hash::Hash,
    payload::{
        envelope::Tool,
        fields::Digest,
        redaction_check::{
            AcceptedFinding, ChannelResult, HiddenChannel, MAX_ACCEPTED_FINDINGS,
            RedactionCategory, Scan,
        },
        text::{Line, Passage},
    },
};
use attestry_scrub::{Category, Finding, Report, RuleSet, Scanner};
use serde::Deserialize;

use super::{Submission, files::LocalFile};
use crate::{
    assets,
    cli::{
        client::Client,
        output::{Failure, Output},
        scrub::{
            self,
            files::Found,
            search::{Progress, deny_list, with_pictures},
            show,
        },
    },
    http::routes::policies::PolicyVersionInfo,
    service::{policies::load_scan_rules, scan::THRESHOLD},
};

/// Where the report is kept below the output directory, and sent from.
const REPORT: &str = "scrub/report.json";
/// Where the page about what is in the way is.
const PAGE: &str = "scrub/report.html";
/// Characters of an id of a report.
const ID_CHARS: usize = 32;
/// Folder of the rules in a bundle.
const SCAN_FOLDER: &str = "scrub/";

/// How to search, besides the rules.
#[derive(Clone, Copy, Debug, Default)]
pub struct SearchOptions<'a> {
    /// A file of words that must not occur.
    pub deny_list: Option<&'a Path>,
    /// A file of findings that are left in place, as the page writes it.
    pub accept: Option<&'a Path>,
    /// Why everything that could not be read is left in place.
    pub unread: Option<&'a str>,
}

/// What the page writes.
#[derive(Debug, Deserialize)]
struct AcceptFile {
    acceptances: Vec<Acceptance>,
}

#[derive(Debug, Deserialize)]
struct Acceptance {
    id: Line,
    reason: Passage,
}

/// What a `redaction-check` says of a search.
#[derive(Clone, Debug)]
pub struct Searched {
    /// The search.
    pub scan: Scan,
    /// What is left in place.
    pub accepted: Vec<AcceptedFinding>,
    /// The report, as its digest is signed; empty if the files were searched by reading.
    report: Vec<u8>,
    /// SHA-256 of the files as they were searched, by name.
    files: BTreeSet<(String, Hash)>,
}

impl Searched {
    /// A search of these files, each by its name and SHA-256.
    #[must_use]
    pub fn new(
        scan: Scan,
        accepted: Vec<AcceptedFinding>,
        files: impl IntoIterator<Item = (String, Hash)>,
    ) -> Self {
        let files = files.into_iter().collect();
        Self { scan, accepted, report: Vec::new(), files }
    }

    /// The report as it is sent.
    #[must_use]
    pub fn report(&self) -> &[u8] {
        &self.report
    }

    /// Whether a file is just as it was searched.
    #[must_use]
    pub fn contains(&self, name: &str, sha256: Hash) -> bool {
        self.files.contains(&(name.to_owned(), sha256))
    }
}

/// Where the report of a search is.
#[must_use]
pub fn report_path(out: &Path) -> PathBuf {
    out.join(REPORT)
}

/// Searches the files of both sides, and requires that everything in the way is accepted.
pub fn search(
    submission: &Submission<'_>,
    found: &[Vec<LocalFile>; 2],
    rules: RuleSet,
    output: &Output,
) -> Result<Searched, Failure> {
    let mut scanner = with_pictures(Scanner::new(rules));
    if let Some(path) = submission.search.deny_list {
        scanner = scanner.with_deny_list(deny_list(path)?);
    }
    let whole = searched(&scanner, found, output);
    // The words of the deny-list are nobody's business, so the service could not find them again.
    let report = whole.without_deny_list();
    let json = report.to_canonical_json();
    let accepted = accepted(submission, &whole)?;
    let check = submission.answers.hidden_channels();
    contradictions(&whole, check)?;
    let line = |text: &str| Line::new(text).map_err(Failure::usage);
    let rules_sha256 = Hash::from_hex(&report.rules_digest);
    let scan = Scan::Tool {
        report_sha256: Digest(Hash::of(&json)),
        tool: Tool { name: line(report.tool)?, version: line(report.version)? },
        rules_sha256: Digest(rules_sha256.ok_or_else(|| Failure::usage("rules without digest"))?),
    };
    let files = report
        .inputs
        .iter()
        .filter_map(|input| Some((input.name.clone(), Hash::from_hex(input.sha256.as_deref()?)?)));
    Ok(Searched { report: json, ..Searched::new(scan, accepted, files) })
}

fn searched(scanner: &Scanner, found: &[Vec<LocalFile>; 2], output: &Output) -> Report {
    let mut files: Vec<Found> = Vec::new();
    for LocalFile { path, name, size } in found.iter().flatten() {
        // The same file on both sides is searched once.
        if !files.iter().any(|known| known.name == *name && known.path == *path) {
            files.push(Found { path: path.clone(), name: name.clone(), size: *size, link: None });
        }
    }
    let progress = Progress::new(output, "searching", files.iter().map(|file| file.size).sum());
    let report = scanner.scan_files(files.iter().map(|file| file.open(&progress)).collect());
    progress.finish();
    report
}

/// What is left in place, each with its reason; an error shows what has none.
fn accepted(submission: &Submission<'_>, report: &Report) -> Result<Vec<AcceptedFinding>, Failure> {
    let mut reasons: BTreeMap<String, (Option<RedactionCategory>, Passage)> = BTreeMap::new();
    for said in submission.answers.accepted_findings() {
        reasons.insert(said.finding.to_string(), (Some(said.category), said.reason.clone()));
    }
    if let Some(path) = submission.search.accept {
        let unusable =
            |error: &dyn std::fmt::Display| Failure::usage(format!("{}: {error}", path.display()));
        let text = std::fs::read_to_string(path).map_err(|error| unusable(&error))?;
        let file: AcceptFile = serde_json::from_str(&text).map_err(|error| unusable(&error))?;
        reasons.extend(
            file.acceptances.into_iter().map(|said| (said.id.to_string(), (None, said.reason))),
        );
    }
    let mut blocking = report.blocking(THRESHOLD);
    if let Some(reason) = submission.search.unread {
        let reason = Passage::new(reason).map_err(Failure::usage)?;
        for entry in &blocking.not_read {
            reasons.entry(entry.id.clone()).or_insert_with(|| (None, reason.clone()));
        }
    }
    let mut accepted = Vec::new();
    let known = report.findings.iter().map(|f| (f.id.as_str(), category_of(f)));
    let unread = report.not_read.iter().map(|e| (e.id.as_str(), RedactionCategory::Metadata));
    let known: BTreeMap<&str, RedactionCategory> = known.chain(unread).collect();
    for (id, (category, reason)) in reasons {
        let derived = known.get(id.as_str()).copied();
        // What has no id of a report is somebody's own word for what they left in place.
        let Some(category) = category.filter(|_| derived.is_some() || !is_id(&id)).or(derived)
        else {
            return Err(Failure::usage(format!(
                "{id} is accepted, and the search does not find it: its file was changed since, or the id is mistyped; search again, and remove it"
            )));
        };
        let finding = Line::new(&id).map_err(Failure::usage)?;
        accepted.push(AcceptedFinding { finding, category, reason });
    }
    let is_open = |id: &str| !accepted.iter().any(|said| said.finding.as_str() == id);
    blocking.findings.retain(|finding| is_open(&finding.id));
    blocking.not_read.retain(|entry| is_open(&entry.id));
    if !blocking.is_empty() {
        return Err(in_the_way(submission, report, &blocking));
    }
    if accepted.len() > MAX_ACCEPTED_FINDINGS {
        return Err(Failure::usage(format!(
            "{} findings are accepted, and a statement holds {MAX_ACCEPTED_FINDINGS}; fix more of them first: \
             attestry scrub --fix",
            accepted.len()
        )));
    }
    Ok(accepted)
}

/// Whether a text has the form of an id.
fn is_id(text: &str) -> bool {
    text.len() == ID_CHARS && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn in_the_way(
    submission: &Submission<'_>,
    report: &Report,
    blocking: &attestry_scrub::report::Blocking<'_>,
) -> Failure {
    let page = submission.out.join(PAGE);
    let shown = Output::new(false);
    if !submission.quiet {
        show::page(blocking, &shown);
    }
    let written = scrub::write_page(report, &page);
    let open = blocking.findings.len() as u64 + blocking.not_read_count();
    let page = match written {
        Ok(()) => format!("; work through them in {}", page.display()),
        Err(_) => String::new(),
    };
    Failure::refused(format!(
        "{open} findings have to be fixed or accepted with a reason before you sign{page}. Fix: attestry scrub --fix \
         --out DIR. Accept: --accept FILE, or accepted_findings in the answers. Nothing was signed or sent"
    ))
}

/// The category of a finding in the words of a `redaction-check`.
fn category_of(finding: &Finding) -> RedactionCategory {
    let rule = finding.rule.as_str();
    match finding.category {
        Category::Secret => RedactionCategory::Credential,
        Category::Confidentiality if rule.contains("privileged") => RedactionCategory::Privileged,
        Category::Confidentiality => RedactionCategory::TradeSecret,
        Category::DenyList => RedactionCategory::OrganisationName,
        Category::PersonalData => match rule {
            _ if rule.contains("name") => RedactionCategory::PersonName,
            _ if rule.contains("medical") || rule.contains("health") => {
                RedactionCategory::SensitivePersonalData
            }
            _ if ["email", "phone", "address"].iter().any(|word| rule.contains(word)) => {
                RedactionCategory::Contact
            }
            _ => RedactionCategory::Identifier,
        },
        _ => RedactionCategory::Metadata,
    }
}

/// Nobody signs that a channel is clean in which the search found something.
fn contradictions(
    report: &Report,
    said: &BTreeMap<HiddenChannel, ChannelResult>,
) -> Result<(), Failure> {
    let denied = [ChannelResult::Clean, ChannelResult::NotApplicable, ChannelResult::Removed];
    for finding in report.findings_at_or_above(THRESHOLD) {
        let word = serde_json::to_value(finding.location.channel).unwrap_or_default();
        let Some(channel) = word.as_str().and_then(hidden_channel) else { continue };
        if let Some(result) = said.get(&channel).filter(|result| denied.contains(result)) {
            return Err(Failure::usage(format!(
                "[redaction-check.hidden_channels] says {channel} = \"{result}\", and the search found {} there \
                 ({}); fix it, or accept it and say \"accepted\"",
                finding.rule,
                show::place(&finding.location)
            )));
        }
    }
    Ok(())
}

/// The channel of a finding in the words of a `redaction-check`.
fn hidden_channel(word: &str) -> Option<HiddenChannel> {
    Some(match word {
        "tracked-deletion" | "tracked-insertion" | "tracked-change" => {
            HiddenChannel::TrackedChanges
        }
        "comment" | "author" | "annotation" => HiddenChannel::Comments,
        "hidden-text" | "white-text" | "tiny-text" | "hidden-sheet" | "very-hidden-sheet"
        | "hidden-row" | "hidden-column" | "hidden-slide" | "off-slide" => {
            HiddenChannel::HiddenContent
        }
        "notes" => HiddenChannel::SpeakerNotes,
        "property" | "custom-xml" | "template" => HiddenChannel::DocumentProperties,
        "embedded" | "macro" => HiddenChannel::Embedded,
        "external-link" | "connection" | "cache" => HiddenChannel::ExternalLinks,
        "exif" | "xmp" | "iptc" | "gps" | "thumbnail" => HiddenChannel::ImageMetadata,
        "revision" | "earlier-revision" => HiddenChannel::PdfRevisions,
        "covered-text" | "invisible-text" => HiddenChannel::CoveredText,
        "commit" | "commit-author" | "history" => HiddenChannel::RepositoryHistory,
        "output" => HiddenChannel::NotebookOutputs,
        _ => return None,
    })
}

impl Client {
    /// The rules that the service searches by: those built in, where they are the same.
    pub(super) async fn scan_rules(&self) -> Result<RuleSet, Failure> {
        let versions: Vec<PolicyVersionInfo> = self.get("/api/v1/policies").await?;
        let files = versions.into_iter().next().map(|newest| newest.files).unwrap_or_default();
        let built_in = assets::policies();
        let mut rules = Vec::new();
        for file in files.into_iter().filter(|file| file.path.starts_with(SCAN_FOLDER)) {
            let own = built_in.iter().find(|(path, bytes)| {
                *path == file.path && Hash::of(bytes).to_hex() == file.sha256
            });
            let bytes = match own {
                Some((_, bytes)) => bytes.clone(),
                None => {
                    let path = format!("/api/v1/policies/files/{}", file.sha256);
                    self.get_bytes(&path).await?
                }
            };
            if Hash::of(&bytes).to_hex() != file.sha256 {
                let path = file.path;
                return Err(Failure::service(format!(
                    "the service's rules {path} are not those it announces; nothing was signed"
                )));
            }
            rules.push((file.path, bytes));
        }
        let rules = if rules.is_empty() { built_in } else { rules };
        load_scan_rules(&rules).map_err(|error| {
            Failure::service(format!("the service's rules of the scan cannot be used: {error}"))
        })
    }
}
