//! What a scan says: what was read, what was not, and what was found.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::finding::{Category, Finding, Severity};
use crate::kind::Kind;
use crate::limits::Limits;
use crate::listed;
use crate::scan::Scanner;

/// Name of the report's form.
pub const SCHEMA: &str = "attestry-scrub-report/v1";

/// Name of the tool in reports.
pub const TOOL: &str = "attestry-scrub";

/// Domain tag that starts the bytes hashed into the id of something not read.
const NOT_READ_ID_TAG: &[u8] = b"attestry/scrub-not-read/v1";

/// A file that was scanned.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Input {
    /// Its name.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// SHA-256 of its content, in hex; absent for links and for what could not be opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// A file, or a part of one, that was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Read {
    /// Names from the outermost file inwards.
    pub path: Vec<String>,
    /// What it is.
    pub kind: Kind,
    /// Its length.
    pub bytes: u64,
    /// How its text was decoded, where there was a choice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<Encoding>,
    /// How many it stands for: one, or all beyond those that are listed one by one, with the path of
    /// the file around them and their length together.
    #[serde(skip_serializing_if = "is_one")]
    pub count: u64,
}

/// How bytes were taken for text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8.
    Utf8,
    /// UTF-8 but for a few bytes, which are taken for one character each.
    Mixed,
    /// UTF-16, little-endian.
    Utf16Le,
    /// UTF-16, big-endian.
    Utf16Be,
    /// UTF-32, little-endian.
    Utf32Le,
    /// UTF-32, big-endian.
    Utf32Be,
    /// None of them, so one character a byte; the text may be read wrongly.
    Latin1,
    /// Probably the encoding of this name in the Encoding Standard; the text may be read wrongly.
    Legacy(&'static str),
}

impl Encoding {
    /// Its name in reports.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::Utf8 => "utf8".to_owned(),
            Self::Mixed => "utf8-mixed".to_owned(),
            Self::Utf16Le => "utf16-le".to_owned(),
            Self::Utf16Be => "utf16-be".to_owned(),
            Self::Utf32Le => "utf32-le".to_owned(),
            Self::Utf32Be => "utf32-be".to_owned(),
            Self::Latin1 => "latin1".to_owned(),
            Self::Legacy(name) => name.to_ascii_lowercase().replace('_', "-"),
        }
    }
}

impl Serialize for Encoding {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.name())
    }
}

/// Why something was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// There is no reader for this kind yet.
    NoReader,
    /// What it is could not be told.
    UnknownKind,
    /// It needs a password.
    Encrypted,
    /// Its structure is broken, or it ends too early.
    Broken,
    /// Its compression is not known.
    UnknownCompression,
    /// Containers are nested too deeply.
    TooDeep,
    /// It is too large when unpacked.
    TooLarge,
    /// It unpacks to far more than it takes: probably a bomb.
    Ratio,
    /// The container has too many entries.
    TooManyEntries,
    /// All unpacked content together is too large.
    TotalTooLarge,
    /// There are more findings than a report holds.
    TooManyFindings,
    /// It has no bytes.
    Empty,
    /// It points to something else and has no content of its own.
    Link,
    /// The system does not let it be read.
    Unreadable,
    /// Its font does not say which letters its shapes are.
    UnknownLetters,
    /// Nobody read the text in its pixels: no engine, no decoder, or the engine failed.
    NoOcr,
}

impl Reason {
    /// Whether there may be something that nobody saw: not in a file without bytes, nor in a link,
    /// whose target is searched like a text.
    #[must_use]
    pub const fn hides_something(self) -> bool {
        !matches!(self, Self::Empty | Self::Link)
    }
}

/// A file, or a part of one, that was not read. Nothing is passed over without such an entry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NotRead {
    /// Names from the outermost file inwards.
    pub path: Vec<String>,
    /// Part of a compound document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
    /// What it seems to be.
    pub kind: Kind,
    /// Why not.
    pub reason: Reason,
    /// Stable: made of path, part and reason, and all bytes of the file that it is, or is in.
    pub id: String,
    /// How many it stands for: one, or all beyond those that are listed one by one, with the path of
    /// what holds them, the kind of the first, and an id made of theirs.
    #[serde(skip_serializing_if = "is_one")]
    pub count: u64,
}

/// Entries that stand for themselves say nothing of it.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde asks for")]
const fn is_one(count: &u64) -> bool {
    *count == 1
}

impl NotRead {
    /// The id before it is bound to bytes: SHA-256 over tag, path, part and reason, each but the tag preceded by its length as a
    /// big-endian 64-bit integer; the first 16 bytes in hex. The path is a JSON array.
    pub(crate) fn new(path: Vec<String>, part: Option<String>, kind: Kind, reason: Reason) -> Self {
        // Lists of strings and names of variants are always JSON.
        let place = serde_json::to_vec(&path).unwrap_or_default();
        let why = serde_json::to_vec(&reason).unwrap_or_default();
        let part_bytes = part.as_deref().unwrap_or_default().as_bytes();
        let id = crate::finding::short_hash(NOT_READ_ID_TAG, &[&place, part_bytes, &why]);
        Self { path, part, kind, reason, id, count: 1 }
    }

    /// One entry for several, at least one, that were not read for one reason.
    pub(crate) fn more((path, reason): (Vec<String>, Reason), entries: Vec<Self>) -> Self {
        let place = serde_json::to_vec(&path).unwrap_or_default();
        let why = serde_json::to_vec(&reason).unwrap_or_default();
        let ids = entries.iter().map(|entry| entry.id.as_bytes());
        let fields: Vec<&[u8]> = [place.as_slice(), b"", &why].into_iter().chain(ids).collect();
        let id = crate::finding::short_hash(NOT_READ_ID_TAG, &fields);
        let count = entries.iter().map(|entry| entry.count).sum();
        let kind = entries.first().map_or(Kind::Unknown, |entry| entry.kind);
        Self { path, part: None, kind, reason, id, count }
    }
}

/// How much was read and found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// Files and parts read.
    pub read: u64,
    /// Files and parts not read.
    pub not_read: u64,
    /// Findings.
    pub findings: u64,
    /// Findings of each category.
    pub by_category: BTreeMap<Category, u64>,
    /// Findings of each severity.
    pub by_severity: BTreeMap<Severity, u64>,
}

/// What a scan says about one or more files. The same bytes, names, rules, deny-list and limits give
/// the same report, and so the same digest, whatever the order or the number of threads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// [`TOOL`].
    pub tool: &'static str,
    /// Version of the tool.
    pub version: &'static str,
    /// Digest of the rules, in hex.
    pub rules_digest: String,
    /// Digest of the deny-list's terms, in hex; absent without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deny_list_digest: Option<String>,
    /// Name and version of the engine that read text in pictures; absent without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ocr: Option<String>,
    /// The limits in force.
    pub limits: Limits,
    /// The files, in order of their names.
    pub inputs: Vec<Input>,
    /// What was read.
    pub read: Vec<Read>,
    /// What was not read and why.
    pub not_read: Vec<NotRead>,
    /// What was found, in order of location.
    pub findings: Vec<Finding>,
    /// How much.
    pub counts: Counts,
}

impl Report {
    /// The report as canonical JSON: members sorted by name, no white space, whole numbers only
    /// (a subset of RFC 8785).
    #[must_use]
    pub fn to_canonical_json(&self) -> Vec<u8> {
        canonical(self)
    }

    /// SHA-256 of the canonical JSON.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.to_canonical_json()).into()
    }

    /// Puts together what scans with one scanner said about different files, in any order.
    #[must_use]
    pub fn of(scanner: &Scanner, parts: Vec<Partial>) -> Self {
        let mut all = Partial::default();
        parts.into_iter().for_each(|part| all.add(part));
        let Partial { mut inputs, mut read, mut not_read, mut findings } = all;
        inputs.sort();
        order(&mut read);
        let mut read = listed::read(read);
        order(&mut read);
        not_read.sort();
        not_read.dedup();
        let not_read = listed::not_read(not_read);
        let by_place = |a: &Finding, b: &Finding| {
            (&a.location, &a.rule, &a.id).cmp(&(&b.location, &b.rule, &b.id))
        };
        findings.sort_by(by_place);
        findings.dedup_by(|next, kept| {
            let is_same = next.id == kept.id;
            if is_same {
                kept.count = kept.count.saturating_add(next.count);
            }
            is_same
        });
        let mut findings = listed::findings(findings);
        findings.sort_by(by_place);
        let counts = count(&read, &not_read, &findings);
        Self {
            schema: SCHEMA,
            tool: TOOL,
            version: env!("CARGO_PKG_VERSION"),
            rules_digest: hex::encode(scanner.rules.digest()),
            deny_list_digest: scanner.deny_list.as_ref().map(|list| hex::encode(list.digest())),
            ocr: scanner.ocr.as_ref().map(|ocr| ocr.name_and_version()),
            limits: scanner.limits,
            inputs,
            read,
            not_read,
            findings,
            counts,
        }
    }

    /// The same without what a deny-list found, as if there had been none: for readers who must not
    /// learn its words, nor could find them again.
    #[must_use]
    pub fn without_deny_list(&self) -> Self {
        let mut report = self.clone();
        report.deny_list_digest = None;
        report.findings.retain(|finding| finding.category != Category::DenyList);
        report.counts = count(&report.read, &report.not_read, &report.findings);
        report
    }

    /// The highest severity found.
    #[must_use]
    pub fn worst(&self) -> Option<Severity> {
        self.findings.iter().map(|finding| finding.severity).max()
    }

    /// Findings of a severity or a higher one.
    pub fn findings_at_or_above(&self, threshold: Severity) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(move |finding| finding.severity >= threshold)
    }

    /// What has to be dealt with before the files may leave: findings at or above `threshold`, and
    /// everything that was not read, unless there is nothing to be read.
    #[must_use]
    pub fn blocking(&self, threshold: Severity) -> Blocking<'_> {
        let findings = self.findings_at_or_above(threshold).collect();
        let not_read = self.not_read.iter().filter(|entry| entry.reason.hides_something());
        Blocking { findings, not_read: not_read.collect() }
    }

    /// Whether nothing at or above `threshold` was found and everything that has content was read.
    #[must_use]
    pub fn is_clean(&self, threshold: Severity) -> bool {
        self.blocking(threshold).is_empty()
    }
}

/// What a scan said about one unit of files, to be put together by [`Report::of`].
#[derive(Clone, Debug, Default)]
pub struct Partial {
    pub(crate) inputs: Vec<Input>,
    pub(crate) read: Vec<Read>,
    pub(crate) not_read: Vec<NotRead>,
    pub(crate) findings: Vec<Finding>,
}

impl Partial {
    pub(crate) fn add(&mut self, other: Self) {
        self.inputs.extend(other.inputs);
        self.read.extend(other.read);
        self.not_read.extend(other.not_read);
        self.findings.extend(other.findings);
    }
}

/// What has to be dealt with before files may leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocking<'r> {
    /// Findings at or above a threshold.
    pub findings: Vec<&'r Finding>,
    /// Everything that was not read.
    pub not_read: Vec<&'r NotRead>,
}

impl<'r> Blocking<'r> {
    /// Whether there is nothing.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.findings.is_empty() && self.not_read.is_empty()
    }

    /// How much was not read: an entry may stand for many.
    #[must_use]
    pub fn not_read_count(&self) -> u64 {
        self.not_read.iter().map(|entry| entry.count).sum()
    }

    /// The ids, of findings first.
    pub fn ids(&self) -> impl Iterator<Item = &'r str> {
        let findings = self.findings.iter().map(|finding| finding.id.as_str());
        findings.chain(self.not_read.iter().map(|entry| entry.id.as_str()))
    }
}

/// Puts what was read in order. Of several entries of one name none is first by itself, whatever
/// order they were given in.
fn order(read: &mut [Read]) {
    let encoding = |entry: &Read| entry.encoding.map(Encoding::name);
    read.sort_by(|a, b| {
        let by_place = (&a.path, a.kind, a.bytes).cmp(&(&b.path, b.kind, b.bytes));
        by_place.then_with(|| encoding(a).cmp(&encoding(b)))
    });
}

/// Counts of what is given.
fn count(read: &[Read], not_read: &[NotRead], findings: &[Finding]) -> Counts {
    let mut counts = Counts {
        read: read.iter().map(|entry| entry.count).sum(),
        not_read: not_read.iter().map(|entry| entry.count).sum(),
        findings: findings.len() as u64,
        ..Counts::default()
    };
    for finding in findings {
        *counts.by_category.entry(finding.category).or_default() += 1;
        *counts.by_severity.entry(finding.severity).or_default() += 1;
    }
    counts
}

/// Canonical JSON of a value of this crate, all of which have string keys and whole numbers.
pub(crate) fn canonical(value: &impl Serialize) -> Vec<u8> {
    let mut out = Vec::new();
    // Serialising fails only for maps with keys that are no strings; there are none here.
    write_sorted(&serde_json::to_value(value).unwrap_or_default(), &mut out);
    out
}

fn write_sorted(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Object(members) => {
            let mut sorted: Vec<_> = members.iter().collect();
            sorted.sort_by_key(|(name, _)| *name);
            out.push(b'{');
            for (at, (name, member)) in sorted.into_iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                out.extend_from_slice(Value::from(name.as_str()).to_string().as_bytes());
                out.push(b':');
                write_sorted(member, out);
            }
            out.push(b'}');
        }
        Value::Array(items) => {
            out.push(b'[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                write_sorted(item, out);
            }
            out.push(b']');
        }
        scalar => out.extend_from_slice(scalar.to_string().as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn canonical_json_sorts_members_and_has_no_white_space() {
        let value = json!({"b": [1, {"z": null, "a": "é\n"}], "a": true});
        let text = String::from_utf8(canonical(&value)).unwrap();
        assert_eq!(text, "{\"a\":true,\"b\":[1,{\"a\":\"é\\n\",\"z\":null}]}");
    }
}
