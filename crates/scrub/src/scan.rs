//! One scan: walks through a file and what is inside it, and gathers what the readers say.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::iter::{IntoParallelIterator as _, ParallelIterator as _};
use sha2::{Digest as _, Sha256};

use crate::block::{Block, Place};
use crate::detect::deny_list::DenyList;
use crate::finding::{Binding, ByteRange, Category, Channel, Finding, Location, Severity, mask};
use crate::input::{Content, File, Unit, units};
use crate::kind::Kind;
use crate::limits::{Budget, Limits};
use crate::ocr::Ocr;
use crate::read;
use crate::read::git::{self, WorkTree};
use crate::report::{Encoding, Input, NotRead, Partial, Read, Reason, Report};
use crate::rules::{Notice, RuleSet, Trigger, Wording};
use crate::search::{Hit, What};
use crate::stream::Opened;
use crate::window::in_parallel;

/// Scans files with given rules, deny-list and limits.
#[derive(Clone, Debug)]
pub struct Scanner {
    pub(crate) rules: RuleSet,
    pub(crate) deny_list: Option<DenyList>,
    pub(crate) limits: Limits,
    pub(crate) ocr: Option<Arc<dyn Ocr>>,
}

impl Scanner {
    /// A scanner with the usual limits and no deny-list.
    #[must_use]
    pub fn new(rules: RuleSet) -> Self {
        Self { rules, deny_list: None, limits: Limits::default(), ocr: None }
    }

    /// The same with a deny-list.
    #[must_use]
    pub fn with_deny_list(mut self, deny_list: DenyList) -> Self {
        self.deny_list = Some(deny_list);
        self
    }

    /// The same with an engine that reads text in pictures.
    #[must_use]
    pub fn with_ocr(mut self, ocr: Arc<dyn Ocr>) -> Self {
        self.ocr = Some(ocr);
        self
    }

    /// The same with other limits.
    #[must_use]
    pub const fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Scans one file. Whatever the bytes, this ends and says what was not read.
    #[must_use]
    pub fn scan(&self, name: &str, bytes: &[u8]) -> Report {
        Report::of(self, vec![self.scan_unit(File::of(name, bytes).into())])
    }

    /// Scans files, on as many threads as there are. Their order does not matter.
    #[must_use]
    pub fn scan_files(&self, files: Vec<File<'_>>) -> Report {
        let parts = units(files).into_par_iter().map(|unit| self.scan_unit(unit)).collect();
        Report::of(self, parts)
    }

    /// Scans the files of one unit, to be put together with others by [`Report::of`]. The limits
    /// hold for each file, and for each repository.
    #[must_use]
    pub fn scan_unit(&self, unit: Unit<'_>) -> Partial {
        let Unit { files, repositories, .. } = unit;
        let is_work_tree = !repositories.is_empty();
        let done: Vec<(Partial, WorkTree)> = files
            .into_par_iter()
            .map(|file| {
                let mut scan = Scan::new(self);
                let mut ids = WorkTree::new();
                let (input, bytes) = scan.take(file);
                if let Some(bytes) = bytes {
                    if is_work_tree {
                        ids.extend(git::ids_of(&bytes));
                    }
                    let site = Site::outermost(&input.name);
                    scan.held(bytes.len() as u64, |scan| scan.file(&site, &bytes));
                }
                (scan.finish(vec![input]), ids)
            })
            .collect();
        let (mut all, mut work_tree) = (Partial::default(), WorkTree::new());
        for (part, ids) in done {
            all.add(part);
            work_tree.extend(ids);
        }
        for (root, files) in repositories {
            all.add(self.scan_repository(&root, files, &work_tree));
        }
        all
    }

    /// Scans the files of one repository. What the work tree has is not searched again.
    fn scan_repository(&self, root: &str, files: Vec<File<'_>>, work_tree: &WorkTree) -> Partial {
        let mut scan = Scan::new(self);
        let (mut inputs, mut contents) = (Vec::new(), BTreeMap::new());
        for file in files {
            let (input, bytes) = scan.take(file);
            if let Some(bytes) = bytes {
                let inner = input.name.get(root.len() + 1..).unwrap_or(&input.name);
                // Held until the repository is read.
                scan.held = scan.held.saturating_add(bytes.len() as u64);
                contents.insert(inner.to_owned(), bytes.into_owned());
            }
            inputs.push(input);
        }
        git::read(&mut scan, &Site::outermost(root), &contents, work_tree);
        scan.finish(inputs)
    }
}

/// Where the file under the reader stands among the containers.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    pub(crate) path: Vec<String>,
    pub(crate) depth: u32,
}

impl Site {
    fn outermost(name: &str) -> Self {
        Self { path: vec![name.to_owned()], depth: 1 }
    }

    pub(crate) fn inner(&self, name: &str) -> Self {
        let path = self.path.iter().cloned().chain([name.to_owned()]).collect();
        Self { path, depth: self.depth + 1 }
    }

    fn name(&self) -> &str {
        self.path.last().map_or("", String::as_str)
    }
}

/// What a finding says of its kind.
struct Said<'r> {
    category: Category,
    severity: Severity,
    why: &'r str,
    what: &'r str,
}

impl<'r> From<&'r Wording> for Said<'r> {
    fn from(wording: &'r Wording) -> Self {
        let Wording { category, severity, why, what } = wording;
        Self { category: *category, severity: *severity, why, what }
    }
}

/// What a scan has gathered so far.
pub(crate) struct Scan<'s> {
    scanner: &'s Scanner,
    pub(crate) budget: Budget,
    /// The commit whose files are being read.
    pub(crate) commit: Option<String>,
    /// Bytes of the files around the one under the reader that are in memory.
    pub(crate) held: u64,
    read: Vec<Read>,
    missing: Vec<NotRead>,
    findings: Vec<Finding>,
    /// The bytes of all files that were handed in, which ids are bound to at the end.
    pub(crate) binding: Binding,
}

impl<'s> Scan<'s> {
    fn new(scanner: &'s Scanner) -> Self {
        Self {
            scanner,
            budget: Budget::new(scanner.limits),
            held: 0,
            commit: None,
            read: Vec::new(),
            missing: Vec::new(),
            findings: Vec::new(),
            binding: Binding::default(),
        }
    }

    /// Takes a file that was handed in, with its bytes unless it is dealt with already: a link, a
    /// file too large to be in memory, one that cannot be opened.
    fn take<'c>(&mut self, file: File<'c>) -> (Input, Option<Cow<'c, [u8]>>) {
        let File { name, content } = file;
        let site = Site::outermost(&name);
        let opened = match content {
            Content::Bytes(bytes) => Ok(bytes),
            Content::Link(target) => {
                self.file_name(&site);
                self.link(&site, &target);
                return (Input { name, bytes: 0, sha256: None }, None);
            }
            Content::Open(open) => match open().and_then(|source| self.opened(&site, source)) {
                Ok(Opened::Whole(bytes)) => Ok(bytes.into()),
                Ok(Opened::Read { bytes, sha256 }) => {
                    return (Input { name, bytes, sha256: Some(sha256) }, None);
                }
                Err(error) => Err(error),
            },
        };
        let Ok(bytes) = opened else {
            self.file_name(&site);
            self.refuse(&site, None, Kind::Unknown, Reason::Unreadable);
            return (Input { name, bytes: 0, sha256: None }, None);
        };
        let sha256 = Some(self.binding.add(Sha256::new_with_prefix(&bytes)));
        (Input { name, bytes: bytes.len() as u64, sha256 }, Some(bytes))
    }

    fn finish(self, inputs: Vec<Input>) -> Partial {
        let Self { read, mut missing, mut findings, binding, .. } = self;
        let bound = binding.finish();
        findings.iter_mut().for_each(|finding| finding.id = bound.id(&finding.id));
        missing.iter_mut().for_each(|entry| entry.id = bound.id(&entry.id));
        Partial { inputs, read, not_read: missing, findings }
    }

    /// Notes a link: where it points to is searched, and not followed.
    pub(crate) fn link(&mut self, site: &Site, target: &str) {
        let mut block = Block::whole();
        block.field(Place::of(Channel::Metadata), "link", target);
        self.block(site, &block);
        self.refuse(site, None, Kind::Empty, Reason::Link);
    }

    /// Reads one file, whatever it is.
    pub(crate) fn file(&mut self, site: &Site, bytes: &[u8]) {
        let kind = Kind::of(bytes);
        if site.depth > self.budget.limits().depth_max {
            self.refuse(site, None, kind, Reason::TooDeep);
            return;
        }
        self.file_name(site);
        read::file(self, site, kind, bytes);
    }

    /// Says that a file of a length was read, and whether its name promises something else.
    pub(crate) fn was_read(
        &mut self,
        site: &Site,
        kind: Kind,
        bytes: &[u8],
        encoding: Option<Encoding>,
    ) {
        self.was_read_to(site, kind, bytes.len() as u64, encoding);
    }

    /// The same for a file of which only the length is at hand.
    pub(crate) fn was_read_to(
        &mut self,
        site: &Site,
        kind: Kind,
        bytes: u64,
        encoding: Option<Encoding>,
    ) {
        self.check_name(site, kind);
        self.read.push(Read { path: site.path.clone(), kind, bytes, encoding, count: 1 });
    }

    /// The engine that reads text in pictures.
    pub(crate) fn ocr(&self) -> Option<&'s dyn Ocr> {
        self.scanner.ocr.as_deref()
    }

    /// Says that a file, or a part of it, was not read.
    pub(crate) fn refuse(&mut self, site: &Site, part: Option<&str>, kind: Kind, reason: Reason) {
        // What could not be looked into may well be what its name promises.
        let is_told = !(kind == Kind::Unknown && reason != Reason::UnknownKind);
        if part.is_none() && is_told {
            self.check_name(site, kind);
        }
        self.not_read(site, part, kind, reason);
    }

    pub(crate) fn not_read(&mut self, site: &Site, part: Option<&str>, kind: Kind, reason: Reason) {
        let notice = match reason {
            Reason::Encrypted => Some(Notice::Encrypted),
            Reason::Broken => Some(Notice::Broken),
            Reason::TooDeep
            | Reason::TooLarge
            | Reason::Ratio
            | Reason::TooManyEntries
            | Reason::TotalTooLarge => Some(Notice::Bomb),
            _ => None,
        };
        if let Some(notice) = notice {
            let mut location = self.at(site, notice);
            location.part = part.map(str::to_owned);
            self.notice(notice, location, "", 1);
        }
        let part = part.map(str::to_owned);
        self.missing.push(NotRead::new(site.path.clone(), part, kind, reason));
    }

    fn check_name(&mut self, site: &Site, kind: Kind) {
        let promised = Kind::promised_by(site.name());
        if promised.is_some_and(|promised| !kind.may_be_called(promised)) {
            let location = self.at(site, Notice::TypeMismatch);
            self.notice(Notice::TypeMismatch, location, "", 1);
        }
    }

    /// The names of files tell things too.
    pub(crate) fn file_name(&mut self, site: &Site) {
        let mut block = Block::whole();
        block.field(Place::of(Channel::FileName), "name", site.name());
        self.block(site, &block);
    }

    /// The location of a file as a whole.
    pub(crate) fn at(&self, site: &Site, notice: Notice) -> Location {
        Location { path: site.path.clone(), channel: notice.channel(), ..Location::default() }
    }

    /// Notes something that a reader found by structure.
    pub(crate) fn notice(&mut self, notice: Notice, location: Location, shown: &str, count: u64) {
        let wording = self.scanner.rules.wording(notice);
        self.found(notice.id(), wording.into(), location, shown, count);
    }

    /// How often something was noted so far.
    pub(crate) fn noted(&self, notice: Notice) -> usize {
        self.findings.iter().filter(|finding| finding.rule == notice.id()).count()
    }

    /// Notes something about a part as a whole.
    pub(crate) fn notice_part(
        &mut self,
        site: &Site,
        part: &str,
        notice: Notice,
        shown: &str,
        count: u64,
    ) {
        let mut location = self.at(site, notice);
        location.part = Some(part.to_owned());
        self.notice(notice, location, shown, count);
    }

    /// Notes something about a place of a part.
    pub(crate) fn notice_in(
        &mut self,
        site: &Site,
        block: &Block,
        place: Place,
        notice: Notice,
        shown: &str,
    ) {
        let place = Place { channel: notice.channel(), ..place };
        let location = block.locate(&site.path, place);
        self.notice(notice, location, shown, 1);
    }

    fn found(
        &mut self,
        rule: &str,
        said: Said<'_>,
        mut location: Location,
        value: &str,
        count: u64,
    ) {
        if self.room() == 0 {
            return self.no_room(location.path);
        }
        if let Some(commit) = &self.commit {
            location.commit.get_or_insert_with(|| commit.clone());
            if location.channel == Channel::Visible {
                location.channel = Channel::History;
            }
        }
        self.findings.push(Finding {
            id: Finding::id_of(rule, &location, value),
            rule: rule.to_owned(),
            category: said.category,
            severity: said.severity,
            location,
            excerpt: mask(value),
            count,
            why: said.why.to_owned(),
            what: said.what.to_owned(),
        });
    }

    /// Says that there are more findings than the report has room for.
    fn no_room(&mut self, path: Vec<String>) {
        let full = |entry: &NotRead| entry.reason == Reason::TooManyFindings;
        if !self.missing.last().is_some_and(|last| full(last) && last.path == path) {
            self.missing.push(NotRead::new(path, None, Kind::Unknown, Reason::TooManyFindings));
        }
    }

    /// Does `work` for each item on all threads, each with a scan of its own, and `meanwhile`
    /// something on this one; then takes in what they gathered in the order of the items. The work
    /// may not count into the bounds, since which of them comes first is not known.
    pub(crate) fn side_by_side<T: Sync>(
        &mut self,
        items: &[T],
        work: impl Fn(&mut Self, &T) + Sync,
        meanwhile: impl FnOnce(&mut Self),
    ) {
        let (scanner, held) = (self.scanner, self.held);
        let (budget, commit) = (self.budget.clone(), self.commit.clone());
        let one = |item: &T| {
            let (budget, commit) = (budget.clone(), commit.clone());
            let mut scan = Self { held, budget, commit, ..Self::new(scanner) };
            work(&mut scan, item);
            scan
        };
        for Scan { read, missing, findings, .. } in in_parallel(items, one, || meanwhile(self)) {
            self.read.extend(read);
            self.missing.extend(missing);
            for finding in findings {
                if self.room() == 0 {
                    self.no_room(finding.location.path);
                } else {
                    self.findings.push(finding);
                }
            }
        }
    }

    /// Searches the text of a part.
    pub(crate) fn block(&mut self, site: &Site, block: &Block) {
        if block.is_empty() {
            return;
        }
        self.block_hits(site, block, &self.scanner.hits(block.text()));
    }

    /// Notes what was found in the text of a part.
    pub(crate) fn block_hits(&mut self, site: &Site, block: &Block, hits: &[Hit]) {
        for Hit { start, end, what } in hits {
            let location = block.locate_range(&site.path, *start, *end);
            self.hit(*what, location, &block.text()[*start..*end]);
        }
    }

    /// Searches runs of characters in a file that is no text.
    pub(crate) fn runs(&mut self, site: &Site, runs: &crate::read::runs::Runs, channel: Channel) {
        self.search(&runs.text, |start, end| Location {
            path: site.path.clone(),
            channel,
            bytes: runs.bytes(start, end),
            ..Location::default()
        });
    }

    /// Searches a text that is a whole file.
    pub(crate) fn plain(&mut self, site: &Site, text: &str, encoding: Encoding, channel: Channel) {
        // Matches come in order, so lines and offsets are counted from the last one.
        let (mut seen, mut line, mut offset) = (0, 1, 0);
        self.search(text, |start, end| {
            if start < seen {
                (seen, line, offset) = (0, 1, 0);
            }
            let between = &text[seen..start];
            line += between.bytes().filter(|byte| *byte == b'\n').count() as u64;
            offset += crate::text::file_offset(between, encoding);
            seen = start;
            let length = crate::text::file_offset(&text[start..end], encoding);
            Location {
                path: site.path.clone(),
                channel,
                line: Some(line),
                bytes: Some(ByteRange { start: offset, end: offset + length }),
                ..Location::default()
            }
        });
    }

    fn search(&mut self, text: &str, mut locate: impl FnMut(usize, usize) -> Location) {
        for hit in self.scanner.hits(text) {
            let location = locate(hit.start, hit.end);
            self.hit(hit.what, location, &text[hit.start..hit.end]);
        }
    }

    /// Notes what a search found.
    pub(crate) fn hit(&mut self, what: What, location: Location, value: &str) {
        let rules = &self.scanner().rules;
        match what {
            What::Rule(at) => {
                let rule = &rules.rules[at];
                // Parts of styles, themes and fonts have words with capitals, and no people.
                let is_named = matches!(rule.trigger, Trigger::Entity(_));
                let is_profile = location.part.as_deref().is_some_and(|part| part.contains("ICC"));
                if is_named && (location.channel == Channel::OtherPart || is_profile) {
                    return;
                }
                let said = Said {
                    category: rule.category,
                    severity: rule.severity,
                    why: &rule.why,
                    what: &rule.what,
                };
                self.found(&rule.id, said, location, value, 1);
            }
            What::DenyList => {
                let said = rules.wording(Notice::DenyList).into();
                self.found(Notice::DenyList.id(), said, location, value, 1);
            }
        }
    }

    /// How much was found so far, to tell it from what is found later.
    pub(crate) const fn mark(&self) -> usize {
        self.findings.len()
    }

    /// What was found since a mark.
    pub(crate) fn since(&self, mark: usize) -> &[Finding] {
        self.findings.get(mark..).unwrap_or_default()
    }

    /// The id of what a search found.
    pub(crate) fn rule_of(&self, what: What) -> &'s str {
        match what {
            What::Rule(at) => &self.scanner.rules.rules[at].id,
            What::DenyList => Notice::DenyList.id(),
        }
    }

    /// Findings that the report still has room for.
    pub(crate) fn room(&self) -> usize {
        self.budget.limits().findings_max.saturating_sub(self.findings.len())
    }

    pub(crate) const fn scanner(&self) -> &'s Scanner {
        self.scanner
    }
}
