//! `attestry policy check`: whether a service would take a folder of policies, and what is in it.

use std::{collections::BTreeMap, path::PathBuf, process::ExitCode};

use attestry_policy::{
    bundle::bundle_digest,
    clauses::{CATALOGUE_PATH, ClauseAnswer, ClauseCatalogue, RESIGN_PATH},
    engine::{PolicyEngine, engine_version},
    letters,
    load::{POLICY_SUFFIX, SCHEMA_PATH},
    takedown,
};
use attestry_proof::{
    hash::Hash,
    payload::{
        Announcement,
        fields::{Digest, Timestamp},
        policy_version::{PolicyFile, PolicyVersion},
        text::Line,
    },
};
use chrono::DateTime;
use serde::Serialize;

use super::{bundle::Bundle, fault::Fault};
use crate::{
    cli::output::{Failure, Output, REFUSED},
    service::policies::load_scan_rules,
};

/// Where rules of the scan are, in the bundle so that it is known by which ones was scanned.
const SCAN_FOLDER: &str = "scrub/";

/// Which folder.
#[derive(clap::Args)]
pub struct Arguments {
    /// A folder like policies/. Default: the policies built in.
    folder: Option<PathBuf>,
    /// An earlier folder: every clause text of it must still be there, unchanged.
    #[arg(long, value_name = "DIR")]
    since: Option<PathBuf>,
}

/// What was found.
#[derive(Debug, Serialize)]
struct Report {
    ok: bool,
    /// As for every command, if the policies are refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exit_code: Option<u8>,
    policies: String,
    bundle_sha256: Option<String>,
    engine: String,
    rules: usize,
    files: Vec<FileInfo>,
    clause_sets: Vec<SetInfo>,
    faults: Vec<Fault>,
    warnings: Vec<String>,
}

#[derive(Debug, Serialize)]
struct FileInfo {
    path: String,
    sha256: String,
    bytes: usize,
    /// `rules`, `schema`, `catalogue`, `text`, `decisions`, `takedown`, `letters`, `scan` or `other`.
    kind: &'static str,
    /// Rules in it.
    rules: usize,
}

/// A clause set, its versions, and what becomes of what was signed under each.
#[derive(Debug, Serialize)]
struct SetInfo {
    set: String,
    versions: Vec<VersionInfo>,
}

#[derive(Debug, Serialize)]
struct VersionInfo {
    version: String,
    locales: Vec<String>,
    newest: bool,
    /// Decisions that ask some of those who signed it to sign a later one.
    sign_again: Vec<DecisionInfo>,
}

#[derive(Debug, Serialize)]
struct DecisionInfo {
    version: String,
    clauses: Vec<String>,
    answered: Vec<String>,
    applies_to: String,
    decided: String,
    reason: String,
}

pub fn run(arguments: &Arguments, output: &Output) -> Result<ExitCode, Failure> {
    let bundle = Bundle::read(arguments.folder.as_deref())?;
    let earlier =
        arguments.since.as_deref().map(|folder| Bundle::read(Some(folder))).transpose()?;
    let earlier = earlier.as_ref().map(catalogue_of).transpose()?;
    let report = examine(&bundle, earlier.as_ref());
    output.json(&report);
    if report.ok {
        print(&report, output);
        return Ok(ExitCode::SUCCESS);
    }
    if output.is_json() {
        return Ok(ExitCode::from(REFUSED));
    }
    let faults: Vec<String> = report.faults.iter().map(|fault| fault.to_text(output)).collect();
    Err(Failure::refused(format!(
        "the policies ({}) would be refused, and those in force stay\n\n{}",
        report.policies,
        faults.join("\n\n")
    )))
}

fn catalogue_of(bundle: &Bundle) -> Result<ClauseCatalogue, Failure> {
    ClauseCatalogue::parse(&bundle.named())
        .map_err(|error| Failure::usage(format!("{}: {error}", bundle.name)))
}

fn examine(bundle: &Bundle, earlier: Option<&ClauseCatalogue>) -> Report {
    let files = bundle.named();
    let engine = PolicyEngine::load(&files);
    let catalogue = ClauseCatalogue::parse(&files);
    let mut faults = Vec::new();
    if let Err(error) = &engine {
        faults.push(Fault::of_rules(error, &files));
    }
    match &catalogue {
        Err(error) => faults.push(Fault::of_clauses(error, &files)),
        Ok(now) => {
            let broken = earlier.and_then(|earlier| now.continues(earlier).err());
            faults.extend(broken.as_ref().map(Fault::of_history));
        }
    }
    faults.extend(takedown_fault(&files));
    faults.extend(letters_fault(&files));
    // A bundle may have none; then nothing is searched, and clearance that asks for a scan is denied.
    if files.iter().any(|(path, _)| path.starts_with(SCAN_FOLDER))
        && let Err(error) = load_scan_rules(&bundle.files)
    {
        faults.push(Fault::of_scan(&error));
    }
    if !files.is_empty() {
        faults.extend(names_fault(&files));
    }
    let (engine, catalogue) = (engine.ok(), catalogue.ok());
    Report {
        ok: faults.is_empty(),
        error: faults.first().map(|fault| fault.message.clone()),
        exit_code: (!faults.is_empty()).then_some(REFUSED),
        policies: bundle.name.clone(),
        bundle_sha256: bundle_digest(&files).ok().map(|digest| Hash(digest).to_hex()),
        engine: engine_version(),
        rules: engine.as_ref().map_or(0, |engine| engine.rules().count()),
        files: describe(&files, engine.as_ref(), catalogue.as_ref()),
        clause_sets: catalogue.as_ref().map(sets).unwrap_or_default(),
        faults,
        warnings: engine.as_ref().map(warnings).unwrap_or_default(),
    }
}

/// What is wrong with the letters. A bundle may have none; then nobody is written to.
fn letters_fault(files: &[(&str, &[u8])]) -> Option<Fault> {
    let (_, bytes) = files.iter().find(|(path, _)| *path == letters::LETTERS_PATH)?;
    match std::str::from_utf8(bytes) {
        Ok(text) => letters::Letters::parse(text).err().map(|error| Fault::of_letters(&error)),
        Err(_) => Some(Fault::of_text(letters::LETTERS_PATH)),
    }
}

/// What is wrong with the takedown rules. A bundle may have none; then there are no cases.
fn takedown_fault(files: &[(&str, &[u8])]) -> Option<Fault> {
    let (_, bytes) = files.iter().find(|(path, _)| *path == takedown::RULES_PATH)?;
    match std::str::from_utf8(bytes) {
        Ok(text) => {
            takedown::Rules::parse(text).err().map(|error| Fault::of_takedown(&error, files))
        }
        Err(_) => Some(Fault::of_text(takedown::RULES_PATH)),
    }
}

/// The fault that keeps a `policy` statement from naming the files, if there is one.
fn names_fault(files: &[(&str, &[u8])]) -> Option<Fault> {
    let mut named = Vec::with_capacity(files.len());
    for (path, bytes) in files {
        match Line::new(path) {
            Ok(path) => named.push(PolicyFile { path, sha256: Digest(Hash::of(bytes)) }),
            Err(error) => return Some(Fault::of_names(&format_args!("{path:?}: {error}"))),
        }
    }
    named.sort_by(|left, right| left.path.as_str().cmp(right.path.as_str()));
    let effective_at = Timestamp::new(DateTime::UNIX_EPOCH)?;
    let bundle_sha256 = Digest(Hash::of(b""));
    let body = PolicyVersion { bundle_sha256, files: named, engine: None, effective_at };
    Announcement::new(body).err().map(|error| Fault::of_names(&error))
}

fn describe(
    files: &[(&str, &[u8])],
    engine: Option<&PolicyEngine>,
    catalogue: Option<&ClauseCatalogue>,
) -> Vec<FileInfo> {
    let rules_in = |path: &str| {
        let rules = engine.map(|engine| engine.rules().filter(|rule| &*rule.place.file == path));
        rules.map_or(0, Iterator::count)
    };
    let is_text =
        |sha256: &Hash| catalogue.is_some_and(|catalogue| catalogue.by_digest(&sha256.0).is_some());
    let describe = |(path, bytes): &(&str, &[u8])| {
        let sha256 = Hash::of(bytes);
        let kind = match *path {
            SCHEMA_PATH => "schema",
            CATALOGUE_PATH => "catalogue",
            RESIGN_PATH => "decisions",
            takedown::RULES_PATH => "takedown",
            letters::LETTERS_PATH => "letters",
            path if path.ends_with(POLICY_SUFFIX) => "rules",
            _ if is_text(&sha256) => "text",
            path if path.starts_with(SCAN_FOLDER) && path.ends_with(".toml") => "scan",
            _ => "other",
        };
        let (path, rules) = ((*path).to_owned(), rules_in(path));
        FileInfo { path, sha256: sha256.to_hex(), bytes: bytes.len(), kind, rules }
    };
    files.iter().map(describe).collect()
}

fn sets(catalogue: &ClauseCatalogue) -> Vec<SetInfo> {
    let mut locales: BTreeMap<(&str, &str), Vec<String>> = BTreeMap::new();
    let mut names: Vec<&str> = Vec::new();
    for text in catalogue.texts() {
        locales.entry((text.set(), text.version())).or_default().push(text.locale().to_owned());
        if !names.contains(&text.set()) {
            names.push(text.set());
        }
    }
    let version_of = |set: &str, version: &str, newest: bool| VersionInfo {
        version: version.to_owned(),
        locales: locales.get(&(set, version)).cloned().unwrap_or_default(),
        newest,
        sign_again: decisions_about(catalogue, set, version),
    };
    let set_of = |set: &str| {
        let versions = catalogue.versions(set);
        let newest = versions.last().copied();
        let versions =
            versions.iter().map(|version| version_of(set, version, newest == Some(version)));
        SetInfo { set: set.to_owned(), versions: versions.collect() }
    };
    names.into_iter().map(set_of).collect()
}

fn decisions_about(catalogue: &ClauseCatalogue, set: &str, from: &str) -> Vec<DecisionInfo> {
    let about = catalogue.decisions().iter().filter(|each| each.set == set && each.from == from);
    let info = about.map(|decision| DecisionInfo {
        version: decision.version.clone(),
        clauses: decision.clauses.clone(),
        answered: decision.answered.iter().map(|answer| answer.as_str().to_owned()).collect(),
        applies_to: decision.applies_to.as_str().to_owned(),
        decided: decision.decided.to_string(),
        reason: decision.reason.clone(),
    });
    info.collect()
}

fn warnings(engine: &PolicyEngine) -> Vec<String> {
    let unasked = engine.unasked().map(|rule| {
        format!("{}: {} never applies: nothing asks for its actions", rule.place, rule.id)
    });
    let unpermitted =
        engine.unpermitted().map(|action| format!("no rule permits {action}, so nobody may do it"));
    unasked.chain(unpermitted).collect()
}

fn print(report: &Report, output: &Output) {
    output.heading(format_args!("policies: {}", report.policies));
    let width = report.files.iter().map(|file| file.path.chars().count()).max().unwrap_or(0);
    for file in &report.files {
        let what = match (file.kind, file.rules) {
            ("rules", 1) => "1 rule".to_owned(),
            ("rules", rules) => format!("{rules} rules"),
            ("takedown", _) => "how takedown goes".to_owned(),
            ("letters", _) => "what people are written".to_owned(),
            ("scan", _) => "what a scan looks for".to_owned(),
            ("other", _) => "not read, counts for the digest".to_owned(),
            (kind, _) => kind.to_owned(),
        };
        output.line(format_args!("  {:width$}  {}  {what}", file.path, file.sha256));
    }
    output.line(format_args!(
        "\n  bundle  {}\n  engine  {}\n  rules   {}",
        report.bundle_sha256.as_deref().unwrap_or_default(),
        report.engine,
        report.rules
    ));
    print_changes(report, output);
    for warning in &report.warnings {
        output.line(format_args!("\n{} {warning}", output.paint("warning:", 33)));
    }
    output.line("");
    output.good("a service would take these policies");
}

/// Clause sets with several versions, and what becomes of what was signed.
fn print_changes(report: &Report, output: &Output) {
    let changed = report.clause_sets.iter().filter(|set| set.versions.len() > 1);
    for (index, set) in changed.enumerate() {
        if index == 0 {
            output.heading("clause texts that changed");
        }
        for version in &set.versions {
            let (name, number) = (&set.set, &version.version);
            if version.newest {
                output.line(format_args!("  {name} {number}: the newest"));
            } else if version.sign_again.is_empty() {
                output.line(format_args!("  {name} {number}: what was signed stays current"));
            }
            for decision in &version.sign_again {
                let whose = match decision.answered.len() {
                    answers if answers == ClauseAnswer::ALL.len() => String::new(),
                    _ => format!(" by those who answered {}", decision.answered.join(" or ")),
                };
                output.line(format_args!(
                    "  {name} {number}: to be signed again as {} ({}){whose} for {}; decided {}: {}",
                    decision.version,
                    decision.clauses.join(", "),
                    decision.applies_to,
                    decision.decided,
                    decision.reason
                ));
            }
        }
    }
}
