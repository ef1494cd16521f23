//! Walks from commits to trees and files: which files the history holds, and since which commit.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use gix_hash::ObjectId;
use gix_object::Kind;

use super::object::{self, COMMIT, FOLDER, LINK, Record, TYPE_BITS};
use super::store::{Content, Store};
use crate::report::Reason;

/// Folders inside each other that a tree may have.
const FOLDERS_MAX: usize = 200;

/// Entries of trees looked at, for each entry that a scan may have.
const STEPS_FOR_ENTRY: u64 = 100;

/// Where a content of the history was found first.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    /// Position among the commits.
    pub(super) commit: Option<u32>,
    /// Position among the paths.
    pub(super) path: u32,
    pub(super) is_link: bool,
}

/// A commit in the order in which its files were looked at.
#[derive(Debug)]
pub(super) struct Commit {
    pub(super) id: ObjectId,
    pub(super) record: Record,
}

/// What is known of a history so far.
pub(super) struct History {
    pub(super) commits: Vec<Commit>,
    seen: HashSet<ObjectId>,
    /// Tags by id.
    pub(super) tags: BTreeMap<ObjectId, Record>,
    /// Trees with the folder they were looked at in.
    trees: HashSet<(ObjectId, u32)>,
    pub(super) tree_ids: HashSet<ObjectId>,
    /// Only ever asked by id.
    pub(super) blobs: HashMap<ObjectId, Found>,
    pub(super) paths: Vec<String>,
    path_numbers: HashMap<String, u32>,
    /// First commit of each path that is a file.
    pub(super) files: BTreeMap<u32, Option<u32>>,
    pub(super) submodules: BTreeMap<String, ObjectId>,
    pub(super) missing: BTreeSet<ObjectId>,
    pub(super) broken: BTreeSet<ObjectId>,
    /// Why the walk ended early.
    pub(super) stopped: Option<Reason>,
    steps_left: u64,
}

impl History {
    pub(super) fn new(entries_max: u64) -> Self {
        Self {
            commits: Vec::new(),
            seen: HashSet::new(),
            tags: BTreeMap::new(),
            trees: HashSet::new(),
            tree_ids: HashSet::new(),
            blobs: HashMap::new(),
            paths: Vec::new(),
            path_numbers: HashMap::new(),
            files: BTreeMap::new(),
            submodules: BTreeMap::new(),
            missing: BTreeSet::new(),
            broken: BTreeSet::new(),
            stopped: None,
            steps_left: entries_max.saturating_mul(STEPS_FOR_ENTRY),
        }
    }

    pub(super) fn has(&self, id: &ObjectId) -> bool {
        self.seen.contains(id)
            || self.tags.contains_key(id)
            || self.tree_ids.contains(id)
            || self.blobs.contains_key(id)
    }

    /// Looks at whatever an id stands for, and all that can be reached from there. How many commits
    /// were new.
    pub(super) fn reach(&mut self, store: &mut Store<'_>, id: ObjectId, name: &str) -> u64 {
        let mut id = id;
        loop {
            if self.has(&id) {
                return 0;
            }
            match self.content(store, id) {
                Some((Kind::Commit, _)) => return self.commits_from(store, id),
                Some((Kind::Tree, _)) => {
                    self.tree(store, id, None, "");
                    return 0;
                }
                Some((Kind::Blob, _)) => {
                    let path = self.path(name);
                    let found = Found { commit: None, path, is_link: false };
                    self.blobs.entry(id).or_insert(found);
                    return 0;
                }
                Some((Kind::Tag, content)) => {
                    let record = Record::of(&content);
                    let target = record.ids("object").next();
                    self.tags.insert(id, record);
                    match target {
                        Some(target) => id = target,
                        None => return 0,
                    }
                }
                None => return 0,
            }
        }
    }

    fn content(&mut self, store: &mut Store<'_>, id: ObjectId) -> Option<Content> {
        match store.get(&id) {
            Ok(Some(content)) => return Some(content),
            Ok(None) => {
                self.missing.insert(id);
            }
            Err(Reason::TotalTooLarge) => self.stopped = Some(Reason::TotalTooLarge),
            Err(_) => {
                self.broken.insert(id);
            }
        }
        None
    }

    /// Commits reachable from one, parents before children, each with its files.
    fn commits_from(&mut self, store: &mut Store<'_>, tip: ObjectId) -> u64 {
        let before = self.commits.len();
        // Commits whose parents are looked at come back a second time, with what they say.
        let mut open: Vec<(ObjectId, Option<Record>)> = vec![(tip, None)];
        while let Some((id, record)) = open.pop() {
            if let Some(record) = record {
                self.commit(store, id, record);
                continue;
            }
            if !self.seen.insert(id) || self.stopped.is_some() {
                continue;
            }
            let Some((kind, content)) = self.content(store, id) else {
                self.seen.remove(&id);
                continue;
            };
            if kind != Kind::Commit {
                self.broken.insert(id);
                continue;
            }
            let record = Record::of(&content);
            let parents: Vec<ObjectId> = record.ids("parent").collect();
            open.push((id, Some(record)));
            // The last one is looked at first, and that should be the first parent.
            open.extend(parents.into_iter().rev().map(|parent| (parent, None)));
        }
        (self.commits.len() - before) as u64
    }

    fn commit(&mut self, store: &mut Store<'_>, id: ObjectId, record: Record) {
        let Ok(number) = u32::try_from(self.commits.len()) else { return };
        let trees: Vec<ObjectId> = record.ids("tree").collect();
        if trees.len() != 1 {
            self.broken.insert(id);
        }
        self.commits.push(Commit { id, record });
        for tree in trees {
            self.tree(store, tree, Some(number), "");
        }
    }

    /// Files of a tree and of the folders in it, as far as they are new.
    pub(super) fn tree(
        &mut self,
        store: &mut Store<'_>,
        id: ObjectId,
        commit: Option<u32>,
        folder: &str,
    ) {
        let mut open = vec![(id, self.path(folder), 0)];
        while let Some((id, folder, depth)) = open.pop() {
            if self.stopped.is_some() || !self.trees.insert((id, folder)) {
                continue;
            }
            let Some((kind, content)) = self.content(store, id) else { continue };
            let (entries, is_whole) = object::entries(&content, store.hash);
            if kind != Kind::Tree || !is_whole || depth > FOLDERS_MAX {
                self.broken.insert(id);
            }
            if kind != Kind::Tree || depth > FOLDERS_MAX {
                continue;
            }
            self.tree_ids.insert(id);
            for entry in entries {
                let Some(left) = self.steps_left.checked_sub(1) else {
                    self.stopped = Some(Reason::TooManyEntries);
                    return;
                };
                self.steps_left = left;
                let folder = &self.paths[folder as usize];
                let path = if folder.is_empty() {
                    entry.name.into_owned()
                } else {
                    format!("{folder}/{}", entry.name)
                };
                match entry.mode & TYPE_BITS {
                    FOLDER => open.push((entry.id, self.path(&path), depth + 1)),
                    COMMIT => {
                        self.submodules.entry(path).or_insert(entry.id);
                    }
                    kind => {
                        let path = self.path(&path);
                        self.files.entry(path).or_insert(commit);
                        let found = Found { commit, path, is_link: kind == LINK };
                        self.blobs.entry(entry.id).or_insert(found);
                    }
                }
            }
        }
    }

    /// The number of a path; equal paths have equal numbers.
    pub(super) fn path(&mut self, path: &str) -> u32 {
        if let Some(number) = self.path_numbers.get(path) {
            return *number;
        }
        let Ok(number) = u32::try_from(self.paths.len()) else { return 0 };
        self.paths.push(path.to_owned());
        self.path_numbers.insert(path.to_owned(), number);
        number
    }
}

/// Files of one tree with their modes and ids. Empty if it cannot be read or is too large.
pub(super) fn files_of(
    store: &mut Store<'_>,
    tree: ObjectId,
    entries_max: u64,
) -> BTreeMap<String, (u32, ObjectId)> {
    let mut files = BTreeMap::new();
    let (mut open, mut left) = (vec![(tree, String::new(), 0)], entries_max);
    while let Some((id, folder, depth)) = open.pop() {
        let Ok(Some((Kind::Tree, content))) = store.get(&id) else { continue };
        for entry in object::entries(&content, store.hash).0 {
            let path = format!("{folder}{}", entry.name);
            left = left.saturating_sub(1);
            if left == 0 {
                return files;
            }
            match entry.mode & TYPE_BITS {
                FOLDER if depth < FOLDERS_MAX => {
                    open.push((entry.id, format!("{path}/"), depth + 1));
                }
                FOLDER | COMMIT => {}
                _ => {
                    files.insert(path, (entry.mode, entry.id));
                }
            }
        }
    }
    files
}
