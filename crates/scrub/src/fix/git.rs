//! Git repositories: the files stay, the history goes. A fresh repository has one commit of the fixed
//! files, by nobody, at no particular time (gitrepository-layout(5), gitformat-index(5)).

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;

use gix_hash::ObjectId;
use gix_object::Kind;

use super::Job;
use crate::finding::Channel;
use crate::limits::{Budget, Limits};
use crate::read::git::{self, NOBODY, repository_of};
use crate::report::Reason;

/// Mode of a file that is no program.
pub(super) const FILE: u32 = 0o100_644;
/// Mode of a program.
pub(super) const PROGRAM: u32 = 0o100_755;
/// Mode of a symbolic link; its content is the target.
pub(super) const LINK: u32 = 0o120_000;

/// Most folders inside each other; what is deeper stands in the folder and not in the commit.
const FOLDERS_MAX: usize = 200;

/// 1 January 2000.
const DATE: u32 = 946_684_800;

/// A file of a work tree.
type WorkFile = (u32, Vec<u8>);

/// A copy of a folder and what is gone from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FixedFiles {
    /// The copies by path.
    pub files: BTreeMap<String, Vec<u8>>,
    /// What was removed, in the order of the paths.
    pub removed: Vec<super::Removed>,
}

/// Makes a copy of a folder, given as files by path with `/` between folders: each file is fixed, and
/// a repository among them becomes a fresh one.
///
/// # Errors
/// A reason, where a file cannot be taken apart and put together again; then there is no copy.
pub fn fix_files(
    name: &str,
    files: BTreeMap<String, Vec<u8>>,
    limits: Limits,
) -> Result<FixedFiles, Reason> {
    let mut job = Job::new(Budget::new(limits));
    let mut repositories = Repositories::among(files.keys());
    let mut copies = BTreeMap::new();
    let folder = [name.to_owned()];
    for (path, content) in files {
        let Some(content) = repositories.take(&path, content) else { continue };
        let fixed = job.file(&[name.to_owned(), path.clone()], &content)?.into_owned();
        repositories.keep(&path, FILE, &fixed);
        copies.insert(path, fixed);
    }
    copies.extend(repositories.fresh(&mut job, &folder)?);
    Ok(FixedFiles { files: copies, removed: job.into_removed() })
}

/// The repositories among the files of a folder or archive.
#[derive(Default)]
pub(super) struct Repositories {
    old: BTreeMap<String, BTreeMap<String, Vec<u8>>>,
    work: BTreeMap<String, WorkFile>,
}

impl Repositories {
    pub(super) fn among(names: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let mut found = Self::default();
        for name in names {
            if let Some(root) = repository_of(name.as_ref()) {
                found.old.entry(root.to_owned()).or_default();
            }
        }
        found
    }

    /// Whether an entry is left out of the copy: it is of a repository, or points to one.
    pub(super) fn is_left_out(&self, name: &str) -> bool {
        let base = name.rsplit('/').next().unwrap_or(name);
        repository_of(name).is_some_and(|root| self.old.contains_key(root))
            || !self.old.is_empty() && (base == ".git" || base == ".gitmodules")
    }

    /// Puts a file aside if it is left out; else gives it back.
    pub(super) fn take(&mut self, name: &str, content: Vec<u8>) -> Option<Vec<u8>> {
        if !self.is_left_out(name) {
            return Some(content);
        }
        if let Some(root) = repository_of(name)
            && let Some(files) = self.old.get_mut(root)
        {
            files.insert(name[root.len() + 1..].to_owned(), content);
        }
        None
    }

    /// Remembers a file of the copy.
    pub(super) fn keep(&mut self, name: &str, mode: u32, content: &[u8]) {
        if !self.old.is_empty() {
            self.work.insert(name.to_owned(), (mode, content.to_vec()));
        }
    }

    /// The files of the fresh repositories.
    pub(super) fn fresh(
        self,
        job: &mut Job,
        path: &[String],
    ) -> Result<BTreeMap<String, Vec<u8>>, Reason> {
        let mut made = BTreeMap::new();
        let outers: BTreeSet<&str> = self.old.keys().filter_map(|root| outer(root)).collect();
        for (root, old) in &self.old {
            let inner: Vec<String> = path.iter().cloned().chain([root.clone()]).collect();
            let files = match outer(root) {
                Some(outer) => {
                    let tracked = git::tracked(old);
                    let mine = self.work.iter().filter_map(|(name, file)| {
                        let name = name.strip_prefix(outer)?;
                        // What belongs to a repository inside this one is its own affair.
                        let is_inner = outers.iter().any(|other| {
                            other.len() > outer.len()
                                && other.strip_prefix(outer).is_some_and(|o| name.starts_with(o))
                        });
                        // A part from another repository is tracked as a whole.
                        let mut parts = name.match_indices('/').map(|(at, _)| &name[..at]);
                        let is_tracked = tracked.as_ref().is_none_or(|names| {
                            names.contains(name) || parts.any(|part| names.contains(part))
                        });
                        (!is_inner && is_tracked).then(|| (name.to_owned(), file.clone()))
                    });
                    mine.collect()
                }
                None => bare(job, &inner, old)?,
            };
            let is_bare = outer(root).is_none();
            let fresh = repository(&files, is_bare)?;
            job.removed(&inner, None, Channel::History, 1);
            made.extend(fresh.into_iter().map(|(name, file)| (format!("{root}/{name}"), file)));
        }
        Ok(made)
    }
}

/// The folder that a repository stands in, with its slash; none for a bare one.
fn outer(root: &str) -> Option<&str> {
    let outer = root.strip_suffix(".git")?;
    (outer.is_empty() || outer.ends_with('/')).then_some(outer)
}

/// The fixed files of what a bare repository has checked out.
fn bare(
    job: &mut Job,
    path: &[String],
    old: &BTreeMap<String, Vec<u8>>,
) -> Result<BTreeMap<String, WorkFile>, Reason> {
    let mut files = BTreeMap::new();
    for (name, (mode, content)) in git::present(&mut job.budget, old)? {
        let inner: Vec<String> = path.iter().cloned().chain([name.clone()]).collect();
        let content = if mode == LINK { content } else { job.file(&inner, &content)?.into_owned() };
        files.insert(name, (mode, content));
    }
    files.remove(".gitmodules");
    Ok(files)
}

/// The files of a repository with one commit.
fn repository(
    files: &BTreeMap<String, WorkFile>,
    is_bare: bool,
) -> Result<BTreeMap<String, Vec<u8>>, Reason> {
    let mut made = BTreeMap::new();
    let mut folder = Folder::default();
    let mut index = Vec::new();
    for (name, (mode, content)) in files {
        let parts: Vec<&str> = name.split('/').collect();
        let is_odd = parts.iter().any(|part| matches!(*part, "" | "." | ".."));
        if is_odd || parts.len() > FOLDERS_MAX {
            continue;
        }
        let id = write(&mut made, Kind::Blob, content)?;
        if folder.add(&parts, *mode, id) {
            index.push((name.as_bytes(), *mode, id, content.len()));
        }
    }
    let tree = folder.write(&mut made)?;
    let commit = format!(
        "tree {tree}\nauthor {NOBODY} {DATE} +0000\ncommitter {NOBODY} {DATE} +0000\n\nRedacted copy\n"
    );
    let commit = write(&mut made, Kind::Commit, commit.as_bytes())?;
    made.insert("HEAD".to_owned(), b"ref: refs/heads/main\n".to_vec());
    made.insert("refs/heads/main".to_owned(), format!("{commit}\n").into_bytes());
    let config =
        format!("[core]\n\trepositoryformatversion = 0\n\tfilemode = false\n\tbare = {is_bare}\n");
    made.insert("config".to_owned(), config.into_bytes());
    if !is_bare {
        made.insert("index".to_owned(), index_of(&mut index)?);
    }
    Ok(made)
}

/// Adds a loose object.
fn write(
    made: &mut BTreeMap<String, Vec<u8>>,
    kind: Kind,
    content: &[u8],
) -> Result<ObjectId, Reason> {
    let id = gix_object::compute_hash(gix_hash::Kind::Sha1, kind, content);
    let id = id.map_err(|_| Reason::Broken)?;
    let hex = id.to_string();
    let (folder, name) = hex.split_at(2);
    let head = gix_object::encode::loose_header(kind, content.len() as u64);
    let mut stream = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    let written = stream.write_all(&head).and_then(|()| stream.write_all(content));
    let packed = written.and_then(|()| stream.finish()).map_err(|_| Reason::Broken)?;
    made.insert(format!("objects/{folder}/{name}"), packed);
    Ok(id)
}

/// A folder on the way to a tree.
#[derive(Default)]
struct Folder {
    files: BTreeMap<String, (u32, ObjectId)>,
    folders: BTreeMap<String, Folder>,
}

impl Folder {
    /// Whether there was room: a name is a file or a folder and not both.
    fn add(&mut self, parts: &[&str], mode: u32, id: ObjectId) -> bool {
        let (mut folder, Some((name, outer))) = (self, parts.split_last()) else { return false };
        for part in outer {
            if folder.files.contains_key(*part) {
                return false;
            }
            folder = folder.folders.entry((*part).to_owned()).or_default();
        }
        if folder.folders.contains_key(*name) {
            return false;
        }
        folder.files.insert((*name).to_owned(), (mode, id));
        true
    }

    /// Writes trees from the innermost outwards, without recursion: a path may be long.
    fn write(self, made: &mut BTreeMap<String, Vec<u8>>) -> Result<ObjectId, Reason> {
        let mut open = vec![(String::new(), self)];
        loop {
            let Some((_, folder)) = open.last_mut() else { return Err(Reason::Broken) };
            if let Some(next) = folder.folders.pop_first() {
                open.push(next);
                continue;
            }
            let Some((name, folder)) = open.pop() else { return Err(Reason::Broken) };
            let mut entries: Vec<(String, u32, ObjectId)> = Vec::new();
            entries.extend(folder.files.into_iter().map(|(name, (mode, id))| (name, mode, id)));
            // A folder sorts as if its name ended in a slash.
            let key = |(name, mode, _): &(String, u32, ObjectId)| {
                if *mode == TREE { format!("{name}/") } else { name.clone() }
            };
            entries.sort_by_key(key);
            let mut tree = Vec::new();
            for (name, mode, id) in &entries {
                tree.extend_from_slice(format!("{mode:o} {name}\0").as_bytes());
                tree.extend_from_slice(id.as_slice());
            }
            let id = write(made, Kind::Tree, &tree)?;
            match open.last_mut() {
                Some((_, outer)) => {
                    outer.files.insert(name, (TREE, id));
                }
                None => return Ok(id),
            }
        }
    }
}

/// Mode of a folder.
const TREE: u32 = 0o040_000;

/// An index in which every file is as the commit has it; times are left for git to fill in.
fn index_of(entries: &mut [(&[u8], u32, ObjectId, usize)]) -> Result<Vec<u8>, Reason> {
    const NAME_LENGTH_MAX: usize = 0xfff;
    entries.sort_unstable_by_key(|(name, ..)| *name);
    let count = u32::try_from(entries.len()).map_err(|_| Reason::TooManyEntries)?;
    let mut index = b"DIRC\0\0\0\x02".to_vec();
    index.extend(count.to_be_bytes());
    for (name, mode, id, size) in entries {
        let start = index.len();
        index.extend([0; 24]);
        index.extend(mode.to_be_bytes());
        index.extend([0; 8]);
        index.extend(u32::try_from(*size).unwrap_or(0).to_be_bytes());
        index.extend_from_slice(id.as_slice());
        let length = u16::try_from(name.len().min(NAME_LENGTH_MAX)).unwrap_or(0xfff);
        index.extend(length.to_be_bytes());
        index.extend_from_slice(name);
        // One to eight zeros, up to a multiple of eight.
        let used = index.len() - start;
        index.resize(start + (used / 8 + 1) * 8, 0);
    }
    let mut hasher = gix_hash::hasher(gix_hash::Kind::Sha1);
    hasher.update(&index);
    let sum = hasher.try_finalize().map_err(|_| Reason::Broken)?;
    index.extend_from_slice(sum.as_slice());
    Ok(index)
}
