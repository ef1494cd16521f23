//! What the history of a repository says: people, messages, and every content that the files of today
//! do not show.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use gix_hash::ObjectId;
use gix_object::Kind as ObjectKind;

use super::history::{Found, History, files_of};
use super::object::{Record, identity, text};
use super::refs::Refs;
use super::store::Store;
use super::{NOBODY, Outside, signature};
use crate::block::{Block, Place};
use crate::finding::{Channel, Location};
use crate::kind::Kind;
use crate::report::{Encoding, Reason};
use crate::rules::Notice;
use crate::scan::{Scan, Site};

/// Most missing or broken objects that are named one by one.
const NAMED_MAX: usize = 50;

/// Contents of the history that are read at a time: bytes from which there are no more, and number.
const BATCH_BYTES: usize = 4 << 20;
const BATCH_TEXTS: usize = 256;

/// Characters of an id in names of places.
const SHORT: usize = 12;

/// A person, how often and where first.
#[derive(Debug)]
struct Person {
    role: &'static str,
    count: u64,
    commit: Option<String>,
}

struct Teller<'t, 's, 'f> {
    scan: &'t mut Scan<'s>,
    site: &'t Site,
    store: Store<'f>,
    history: History,
    people: BTreeMap<String, Person>,
}

/// Walks through the history, tells what it says and reads the files in it.
pub(super) fn history(
    scan: &mut Scan<'_>,
    site: &Site,
    store: Store<'_>,
    refs: &Refs,
    outside: &Outside<'_>,
) {
    let history = History::new(scan.budget.limits().entries_max);
    let mut teller = Teller { scan, site, store, history, people: BTreeMap::new() };
    teller.settle(refs);
    teller.walk(refs);
    teller.staged(outside);
    teller.unreached();
    teller.names(refs);
    teller.records(refs);
    teller.people();
    teller.paths(refs);
    teller.contents(outside);
    teller.gaps(refs, outside);
}

/// Contents that are read together: texts, and after them at most one that is none.
#[derive(Default)]
struct Batch {
    texts: Vec<(Arc<Vec<u8>>, Found)>,
    other: Option<(Arc<Vec<u8>>, Found)>,
}

impl Batch {
    /// The contents from a position on; none are left if there is nothing in it.
    fn next(
        scan: &mut Scan<'_>,
        site: &Site,
        store: &mut Store<'_>,
        history: &History,
        outside: &Outside<'_>,
        next: &mut u32,
    ) -> Self {
        let (mut batch, mut bytes) = (Self::default(), 0_usize);
        while *next < store.count() && bytes < BATCH_BYTES && batch.texts.len() < BATCH_TEXTS {
            let at = *next;
            *next += 1;
            let Some((id, ObjectKind::Blob)) = store.object(at) else { continue };
            let Some(found) = history.blobs.get(&id).copied() else { continue };
            if outside.work_tree.contains(id.as_slice()) {
                continue;
            }
            if let Err(reason) = scan.budget.entry() {
                scan.refuse(site, Some("history"), Kind::GitRepository, reason);
                *next = store.count();
                break;
            }
            match store.get(&id) {
                Ok(Some((_, content))) if content.is_empty() => {}
                Ok(Some((_, content))) => {
                    bytes = bytes.saturating_add(content.len());
                    if found.is_link || !crate::read::is_text(Kind::of(&content)) {
                        batch.other = Some((content, found));
                        break;
                    }
                    batch.texts.push((content, found));
                }
                Ok(None) => {}
                Err(reason) => {
                    let part = id.to_string();
                    scan.refuse(site, Some(&part), Kind::GitObject, reason);
                    if reason == Reason::TotalTooLarge {
                        *next = store.count();
                        break;
                    }
                }
            }
        }
        batch
    }
}

/// Reads a content of the history.
fn content(scan: &mut Scan<'_>, site: &Site, history: &History, content: &[u8], found: Found) {
    let commit = found.commit.and_then(|at| history.commits.get(at as usize));
    let commit = commit.map(|commit| commit.id.to_string());
    let path = &history.paths[found.path as usize];
    let site = match &commit {
        Some(id) => site.inner(&format!("{id:.SHORT$}:{path}")),
        None => site.inner(path),
    };
    scan.commit = commit;
    if found.is_link {
        scan.link(&site, &text(content));
    } else {
        scan.file(&site, content);
    }
    scan.commit = None;
}

impl Teller<'_, '_, '_> {
    fn settle(&mut self, refs: &Refs) {
        let part = Some("objects/pack");
        match self.store.settle(&mut self.scan.budget) {
            Ok(0) => {}
            // The bases of a bundle's deltas may be with whom it is for.
            Ok(_) => {
                let reason = if refs.shallow.is_empty() { Reason::Broken } else { Reason::Link };
                self.scan.refuse(self.site, part, Kind::GitObject, reason);
            }
            Err(reason) => self.scan.refuse(self.site, part, Kind::GitObject, reason),
        }
    }

    /// From all names to all commits, the ordinary ones first.
    fn walk(&mut self, refs: &Refs) {
        let is_stash = |name: &str| name == "refs/stash";
        let named = || refs.named.iter().filter(|(name, _)| !is_stash(name));
        for id in refs.head.iter().chain(named().map(|(_, id)| id)) {
            let name = refs.named.iter().find(|(_, named)| *named == id);
            let name = name.map_or("HEAD", |(name, _)| name.as_str());
            self.history.reach(&mut self.store, *id, name);
        }
        let stashes = refs.logs.iter().filter(|line| is_stash(&line.name));
        let stashes = stashes.flat_map(|line| line.ids.iter());
        for id in stashes.chain(refs.named.get("refs/stash")) {
            let count = self.history.reach(&mut self.store, *id, "stash");
            self.tip(Notice::GitStash, id, count);
        }
        // The last lines first: later commits hold the earlier ones.
        let logs = refs.logs.iter().rev().flat_map(|line| line.ids.iter().rev());
        for id in logs.chain(refs.left.values()) {
            // A log may outlive what it names.
            if self.store.position(id).is_some() {
                let count = self.history.reach(&mut self.store, *id, "log");
                self.tip(Notice::GitUnreachable, id, count);
            }
        }
    }

    /// Notes commits that only this tip leads to.
    fn tip(&mut self, notice: Notice, id: &ObjectId, count: u64) {
        if count > 0 {
            let mut location = self.scan.at(self.site, notice);
            location.commit = Some(id.to_string());
            self.scan.notice(notice, location, "", count);
        }
    }

    /// Contents that were staged and that no commit has.
    fn staged(&mut self, outside: &Outside<'_>) {
        let mut block = Block::new("index");
        for (name, id) in &outside.staged {
            block.field(Place::of(Channel::FileName), "name", name);
            if self.history.has(id) || outside.work_tree.contains(id.as_slice()) {
                continue;
            }
            let mut location = self.scan.at(self.site, Notice::GitStaged);
            location.part = Some("index".to_owned());
            location.field = Some(name.clone());
            self.scan.notice(Notice::GitStaged, location, name, 1);
            if self.store.position(id).is_some() {
                self.history.reach(&mut self.store, *id, &format!("staged:{name}"));
            }
        }
        self.scan.block(self.site, &block);
    }

    /// Objects that nothing leads to: commits first, then trees, then the rest.
    fn unreached(&mut self) {
        let left = |teller: &Self, wanted: ObjectKind| -> Vec<ObjectId> {
            let objects = (0..teller.store.count()).filter_map(|at| teller.store.object(at));
            let left = objects.filter(|(id, kind)| *kind == wanted && !teller.history.has(id));
            left.map(|(id, _)| id).collect()
        };
        let commits = left(self, ObjectKind::Commit);
        let mut inner = BTreeSet::new();
        for id in &commits {
            if let Ok(Some((_, content))) = self.store.get(id) {
                inner.extend(Record::of(&content).ids("parent"));
            }
        }
        for id in commits.iter().filter(|id| !inner.contains(*id)).chain(&commits) {
            let count = self.history.reach(&mut self.store, *id, "unreachable");
            self.tip(Notice::GitUnreachable, id, count);
        }
        let mut others = 0;
        for id in left(self, ObjectKind::Tag) {
            others += 1;
            self.history.reach(&mut self.store, id, "unreachable");
        }
        let trees = left(self, ObjectKind::Tree);
        let mut inner = BTreeSet::new();
        for id in &trees {
            if let Ok(Some((_, content))) = self.store.get(id) {
                let entries = super::object::entries(&content, self.store.hash).0;
                inner.extend(entries.into_iter().map(|entry| entry.id));
            }
        }
        for id in trees.iter().filter(|id| !inner.contains(*id)) {
            others += 1;
            self.history.tree(&mut self.store, *id, None, "unreachable");
        }
        for id in left(self, ObjectKind::Blob) {
            others += 1;
            let name = format!("unreachable/{:.SHORT$}", id.to_string());
            self.history.reach(&mut self.store, id, &name);
        }
        if others > 0 {
            let mut location = self.scan.at(self.site, Notice::GitUnreachable);
            location.part = Some("objects".to_owned());
            self.scan.notice(Notice::GitUnreachable, location, "", others);
        }
    }

    /// Branches and other names.
    fn names(&mut self, refs: &Refs) {
        let mut block = Block::whole();
        for (name, id) in &refs.named {
            block.field(Place::of(Channel::History), "ref", name);
            let is_checked_out = refs.head_name.as_deref() == Some(name);
            let notice = match name.as_str() {
                _ if is_checked_out => continue,
                name if name.starts_with("refs/notes/") => Notice::GitNote,
                "refs/stash" => continue,
                name if name.starts_with("refs/tags/") && refs.head == Some(*id) => continue,
                name if name.ends_with("/HEAD") => continue,
                _ => Notice::GitBranch,
            };
            let mut location = self.scan.at(self.site, notice);
            location.field = Some(name.clone());
            self.scan.notice(notice, location, name, 1);
        }
        if let Some(name) = &refs.head_name {
            block.field(Place::of(Channel::History), "HEAD", name);
        }
        self.scan.block(self.site, &block);
    }

    /// Messages, further fields and people of commits, tags and logs.
    fn records(&mut self, refs: &Refs) {
        let commits = std::mem::take(&mut self.history.commits);
        // One commit by nobody is what a copy without history has.
        let is_nobody =
            |record: &Record| record.all("author").all(|author| identity(author) == NOBODY);
        if !commits.iter().all(|commit| is_nobody(&commit.record)) {
            let count = commits.len() as u64;
            let location = self.scan.at(self.site, Notice::GitHistory);
            self.scan.notice(Notice::GitHistory, location, "", count);
        }
        for commit in &commits {
            self.record(&commit.record, Some(commit.id.to_string()));
        }
        self.history.commits = commits;
        let tags = std::mem::take(&mut self.history.tags);
        for (id, tag) in &tags {
            let target = tag.ids("object").next();
            self.record(tag, Some(target.unwrap_or(*id).to_string()));
        }
        self.history.tags = tags;
        let mut messages = BTreeSet::new();
        for line in &refs.logs {
            self.person(&line.identity, "reflog", line.ids.last().map(ToString::to_string));
            messages.insert(line.message.as_str());
        }
        let mut block = Block::new("logs");
        for message in messages {
            block.push(Place::of(Channel::CommitMessage), message);
        }
        self.scan.block(self.site, &block);
    }

    fn record(&mut self, record: &Record, commit: Option<String>) {
        self.scan.commit.clone_from(&commit);
        let mut block = Block::whole();
        for (name, value) in &record.fields {
            match name.as_str() {
                "tree" | "parent" | "object" | "type" => {}
                "author" => self.person(identity(value), "author", commit.clone()),
                "committer" => self.person(identity(value), "committer", commit.clone()),
                "tagger" => self.person(identity(value), "tagger", commit.clone()),
                "gpgsig" | "gpgsig-sha256" => self.signature(value),
                _ => block.field(Place::of(Channel::Metadata), name, value),
            }
        }
        if record.message.contains("-----BEGIN ") {
            self.signature(&record.message);
        }
        for (_, value) in record.trailers() {
            self.person(value, "trailer", commit.clone());
        }
        self.scan.block(self.site, &block);
        self.scan.plain(self.site, &record.message, Encoding::Utf8, Channel::CommitMessage);
        self.scan.commit = None;
    }

    fn person(&mut self, identity: &str, role: &'static str, commit: Option<String>) {
        if identity.is_empty() || identity == NOBODY {
            return;
        }
        let person = Person { role, count: 0, commit };
        self.people.entry(identity.to_owned()).or_insert(person).count += 1;
    }

    fn signature(&mut self, armoured: &str) {
        for maker in signature::makers(armoured) {
            let mut location = self.scan.at(self.site, Notice::GitSignature);
            location.field = Some("gpgsig".to_owned());
            self.scan.notice(Notice::GitSignature, location, &maker, 1);
        }
    }

    /// One finding for each person, and their names and addresses as text.
    fn people(&mut self) {
        for (identity, person) in std::mem::take(&mut self.people) {
            let field = Some(person.role.to_owned());
            let location = Location { field, ..self.scan.at(self.site, Notice::GitIdentity) };
            self.scan.commit = person.commit;
            self.scan.notice(Notice::GitIdentity, location, &identity, person.count);
            let mut block = Block::whole();
            block.field(Place::of(Channel::Author), person.role, &identity);
            self.scan.block(self.site, &block);
            self.scan.commit = None;
        }
    }

    /// Files that the history has and the present does not, and earlier versions of those it has.
    fn paths(&mut self, refs: &Refs) {
        let entries_max = self.scan.budget.limits().entries_max;
        let head = refs.head.and_then(|head| self.store.get(&head).ok().flatten());
        let tree = head.and_then(|(_, content)| Record::of(&content).ids("tree").next());
        let Some(tree) = tree else { return };
        let present = files_of(&mut self.store, tree, entries_max);
        let gone: Vec<(u32, Option<u32>)> = self
            .history
            .files
            .iter()
            .filter(|(path, _)| !present.contains_key(&self.history.paths[**path as usize]))
            .map(|(path, commit)| (*path, *commit))
            .collect();
        for (path, commit) in gone {
            let path = self.history.paths[path as usize].clone();
            let Some(commit) = commit.and_then(|at| self.history.commits.get(at as usize)) else {
                continue;
            };
            let id = commit.id.to_string();
            let site = self.site.inner(&format!("{id:.SHORT$}:{path}"));
            let mut location = self.scan.at(&site, Notice::GitDeletedFile);
            location.commit = Some(id);
            self.scan.notice(Notice::GitDeletedFile, location, &path, 1);
            let mut block = Block::whole();
            block.field(Place::of(Channel::FileName), "name", &path);
            self.scan.block(&site, &block);
        }
        let now: BTreeSet<&ObjectId> = present.values().map(|(_, id)| id).collect();
        let old = self.history.blobs.iter().filter(|(id, found)| {
            let path = &self.history.paths[found.path as usize];
            present.contains_key(path) && !now.contains(id)
        });
        let count = old.count() as u64;
        if count > 0 {
            let location = self.scan.at(self.site, Notice::GitOldVersion);
            self.scan.notice(Notice::GitOldVersion, location, "", count);
        }
    }

    /// Reads every content once, in the order of the packs: texts side by side, while the next ones
    /// are unpacked.
    fn contents(&mut self, outside: &Outside<'_>) {
        let mut next = 0;
        let mut batch = self.batch(&mut next, outside);
        while !batch.texts.is_empty() || batch.other.is_some() {
            let Batch { texts, other } = std::mem::take(&mut batch);
            let (site, store, history) = (self.site, &mut self.store, &self.history);
            let work = |scan: &mut Scan<'_>, (content, found): &(Arc<Vec<u8>>, Found)| {
                self::content(scan, site, history, content, *found);
            };
            let room = &mut batch;
            let is_alone = other.is_some();
            self.scan.side_by_side(&texts, work, |scan| {
                // What is no text may count into the bounds, and so comes before what follows.
                if !is_alone {
                    *room = Batch::next(scan, site, store, history, outside, &mut next);
                }
            });
            if let Some((content, found)) = other {
                self::content(self.scan, self.site, &self.history, &content, found);
                batch = self.batch(&mut next, outside);
            }
        }
    }

    fn batch(&mut self, next: &mut u32, outside: &Outside<'_>) -> Batch {
        Batch::next(self.scan, self.site, &mut self.store, &self.history, outside, next)
    }

    /// Objects that are named and not there, and those that are not what they should be.
    fn gaps(&mut self, refs: &Refs, outside: &Outside<'_>) {
        let mut expected = refs.shallow.clone();
        for commit in &self.history.commits {
            if refs.shallow.contains(&commit.id) {
                expected.extend(commit.record.ids("parent"));
            }
        }
        let missing: Vec<ObjectId> = self.history.missing.difference(&expected).copied().collect();
        let reason = if outside.is_partial { Reason::Link } else { Reason::Broken };
        self.name_each(&missing, reason);
        let broken: Vec<ObjectId> = self.history.broken.iter().copied().collect();
        self.name_each(&broken, Reason::Broken);
        if !refs.shallow.is_empty() {
            let part = Some("shallow");
            self.scan.refuse(self.site, part, Kind::GitRepository, Reason::Link);
        }
        if let Some(reason) = self.history.stopped {
            self.scan.refuse(self.site, Some("history"), Kind::GitRepository, reason);
        }
        for (path, id) in &self.history.submodules {
            let mut location = self.scan.at(self.site, Notice::GitSubmodule);
            location.field = Some(path.clone());
            self.scan.notice(Notice::GitSubmodule, location, &id.to_string(), 1);
        }
    }

    fn name_each(&mut self, ids: &[ObjectId], reason: Reason) {
        for id in ids.iter().take(NAMED_MAX) {
            self.scan.refuse(self.site, Some(&id.to_string()), Kind::GitObject, reason);
        }
        if ids.len() > NAMED_MAX {
            let more = format!("{} objects more", ids.len() - NAMED_MAX);
            self.scan.refuse(self.site, Some(&more), Kind::GitObject, reason);
        }
    }
}
