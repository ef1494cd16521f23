//! Git repositories: history, objects that no branch reaches, stashes, remotes and identities.
//!
//! The reader works on the files below one `.git` folder, given by their paths in it, so that a
//! folder, an archive and a bundle are read alike (gitrepository-layout(5)).

mod config;
mod files;
mod history;
mod index;
mod object;
mod objects;
mod pack;
mod refs;
mod signature;
mod store;
mod tell;

use std::collections::{BTreeMap, BTreeSet};

use gix_hash::ObjectId;

use self::config::Config;
use self::refs::Refs;
use self::store::Store;
use crate::kind::Kind;
use crate::limits::Budget;
use crate::report::Reason;
use crate::rules::Notice;
use crate::scan::{Scan, Site};

/// The folder of the repository that a path belongs to: `a/.git` for `a/.git/HEAD`, `b.git` for the
/// bare `b.git/HEAD`. The path inside it is what follows, without the slash.
pub(crate) fn repository_of(path: &str) -> Option<&str> {
    let mut start = 0;
    for part in path.split('/') {
        let end = start + part.len();
        let inner = path.get(end + 1..)?;
        let is_bare = part.len() > 4 && part.ends_with(".git") && is_inside(inner);
        if part == ".git" || is_bare {
            return path.get(..end);
        }
        start = end + 1;
    }
    None
}

/// Whether a path below a folder is one that a bare repository has.
fn is_inside(path: &str) -> bool {
    let first = path.split('/').next().unwrap_or(path);
    matches!(
        first,
        "HEAD"
            | "ORIG_HEAD"
            | "FETCH_HEAD"
            | "config"
            | "description"
            | "hooks"
            | "info"
            | "index"
            | "logs"
            | "objects"
            | "packed-refs"
            | "refs"
            | "shallow"
            | "lfs"
            | "modules"
            | "worktrees"
    )
}

/// Contents that are searched beside the repository, told by their ids; the history need not search
/// them again.
pub(crate) type WorkTree = BTreeSet<Vec<u8>>;

/// Ids that a file has as a content of a repository.
pub(crate) fn ids_of(content: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    [gix_hash::Kind::Sha1, gix_hash::Kind::Sha256].into_iter().filter_map(|hash| {
        let id = gix_object::compute_hash(hash, gix_object::Kind::Blob, content).ok()?;
        Some(id.as_slice().to_vec())
    })
}

/// The repositories among the entries of a container: their files are put aside and read together.
#[derive(Default)]
pub(crate) struct Gathered {
    repositories: BTreeMap<String, (BTreeMap<String, Vec<u8>>, WorkTree)>,
}

impl Gathered {
    /// Looks for repositories among all names of a container.
    pub(crate) fn among(names: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let mut gathered = Self::default();
        for name in names {
            if let Some(root) = repository_of(name.as_ref())
                && !gathered.repositories.contains_key(root)
            {
                gathered.repositories.insert(root.to_owned(), <_>::default());
            }
        }
        gathered
    }

    /// Takes the repository that a name belongs to for one, where not all names are known before.
    pub(crate) fn claim(&mut self, name: &str) {
        if let Some(root) = repository_of(name)
            && !self.repositories.contains_key(root)
        {
            self.repositories.insert(root.to_owned(), <_>::default());
        }
    }

    /// Puts a file aside if it belongs to a repository; else gives it back.
    pub(crate) fn take(&mut self, name: &str, content: Vec<u8>) -> Option<Vec<u8>> {
        if self.repositories.is_empty() {
            return Some(content);
        }
        let Some(root) = repository_of(name) else {
            for (root, (_, work_tree)) in &mut self.repositories {
                let is_beside =
                    root.strip_suffix(".git").is_some_and(|beside| name.starts_with(beside));
                if is_beside {
                    work_tree.extend(ids_of(&content));
                }
            }
            return Some(content);
        };
        match self.repositories.get_mut(root) {
            Some((files, _)) => files.insert(name[root.len() + 1..].to_owned(), content),
            None => return Some(content),
        };
        None
    }

    /// Reads each repository.
    pub(crate) fn read(self, scan: &mut Scan<'_>, site: &Site) {
        for (root, (files, work_tree)) in &self.repositories {
            read(scan, &site.inner(root), files, work_tree);
        }
    }
}

/// Who makes the one commit of a repository without history.
pub(crate) const NOBODY: &str = "Redacted <redacted>";

/// Names that a repository tracks; `None` if it does not say.
pub(crate) fn tracked(files: &BTreeMap<String, Vec<u8>>) -> Option<BTreeSet<String>> {
    let config = Config::of(files.get("config").map_or(&[], Vec::as_slice));
    let staged = index::staged(files.get("index")?, config.hash)?;
    Some(staged.into_iter().map(|(name, _)| name).collect())
}

/// Modes and contents of the files of the commit that is checked out.
pub(crate) fn present(
    budget: &mut Budget,
    files: &BTreeMap<String, Vec<u8>>,
) -> Result<BTreeMap<String, (u32, Vec<u8>)>, Reason> {
    let files: Files<'_> =
        files.iter().map(|(path, content)| (path.as_str(), content.as_slice())).collect();
    let config = Config::of(files.get("config").copied().unwrap_or_default());
    let mut store = Store::new(config.hash, budget);
    for (path, content) in &files {
        objects::add(budget, &mut store, path, content);
    }
    store.settle(budget)?;
    let entries_max = budget.limits().entries_max;
    let head = Refs::of(&files).head.ok_or(Reason::Broken)?;
    let (_, commit) = store.get(&head)?.ok_or(Reason::Broken)?;
    let tree = object::Record::of(&commit).ids("tree").next().ok_or(Reason::Broken)?;
    let mut found = BTreeMap::new();
    for (path, (mode, id)) in history::files_of(&mut store, tree, entries_max) {
        budget.entry()?;
        let (_, content) = store.get(&id)?.ok_or(Reason::Broken)?;
        found.insert(path, (mode, content.to_vec()));
    }
    Ok(found)
}

/// Files below a `.git` folder by their paths in it.
type Files<'f> = BTreeMap<&'f str, &'f [u8]>;

/// Reads the files below one `.git` folder, or of a bare repository, by their paths in it.
pub(crate) fn read(
    scan: &mut Scan<'_>,
    site: &Site,
    files: &BTreeMap<String, Vec<u8>>,
    work_tree: &WorkTree,
) {
    let files = files.iter().map(|(path, content)| (path.as_str(), content.as_slice())).collect();
    repository(scan, site, &files, work_tree);
}

fn repository(scan: &mut Scan<'_>, site: &Site, files: &Files<'_>, work_tree: &WorkTree) {
    if site.path.len() >= scan.budget.limits().depth_max as usize {
        return scan.refuse(site, None, Kind::GitRepository, Reason::TooDeep);
    }
    scan.was_read(site, Kind::GitRepository, &[], None);
    let (own, nested) = split(files);
    let config = Config::of(own.get("config").copied().unwrap_or_default());
    let mut store = Store::new(config.hash, &scan.budget);
    objects::take_all(scan, &mut store, site, &own);
    let refs = Refs::of(&own);
    let staged = files::staged(scan, site, &own, config.hash);
    let outside = Outside { work_tree, staged, is_partial: config.is_partial };
    tell::history(scan, site, store, &refs, &outside);
    files::rest(scan, site, &own, &refs, &config);
    for (root, files) in nested {
        repository(scan, &site.inner(root), &files, &WorkTree::new());
    }
}

/// A bundle: names and one pack (gitformat-bundle(5)).
pub(super) fn bundle(scan: &mut Scan<'_>, site: &Site, bytes: &[u8]) {
    scan.was_read(site, Kind::GitBundle, bytes, None);
    let mut hash = gix_hash::Kind::Sha1;
    let (mut refs, mut rest) = (Refs::default(), bytes);
    loop {
        let Some(end) = rest.iter().position(|byte| *byte == b'\n') else {
            return scan.refuse(site, None, Kind::GitBundle, Reason::Broken);
        };
        let line = object::text(&rest[..end]).into_owned();
        rest = &rest[end + 1..];
        match line.split_once(' ') {
            _ if line.is_empty() => break,
            _ if line == "@object-format=sha256" => hash = gix_hash::Kind::Sha256,
            _ if line.starts_with(['@', '#']) => {}
            Some((id, _)) if id.starts_with('-') => {
                refs.shallow.extend(ObjectId::from_hex(&id.as_bytes()[1..]));
            }
            Some((id, name)) => {
                if let Ok(id) = ObjectId::from_hex(id.as_bytes()) {
                    refs.named.insert(name.to_owned(), id);
                }
            }
            None => scan.refuse(site, None, Kind::GitBundle, Reason::Broken),
        }
    }
    refs.head = refs.named.remove("HEAD");
    if refs.head.is_none() {
        let main = ["refs/heads/main", "refs/heads/master"];
        refs.head = main.iter().find_map(|name| refs.named.get(*name).copied());
    }
    one_pack(scan, site, rest, hash, &refs);
}

/// A pack on its own: no name reaches its objects.
pub(super) fn pack(scan: &mut Scan<'_>, site: &Site, bytes: &[u8]) {
    scan.was_read(site, Kind::GitPack, bytes, None);
    one_pack(scan, site, bytes, gix_hash::Kind::Sha1, &Refs::default());
}

fn one_pack(scan: &mut Scan<'_>, site: &Site, bytes: &[u8], hash: gix_hash::Kind, refs: &Refs) {
    let mut store = Store::new(hash, &scan.budget);
    for fault in store.add_pack(&mut scan.budget, bytes) {
        objects::say(scan, site, Kind::GitPack, fault);
    }
    let work_tree = WorkTree::new();
    let outside = Outside { work_tree: &work_tree, staged: Vec::new(), is_partial: false };
    tell::history(scan, site, store, refs, &outside);
}

/// Whether a file is a pointer of Git LFS to its content.
pub(super) fn is_pointer(content: &[u8]) -> bool {
    const POINTER_BYTES_MAX: usize = 1024;
    content.len() <= POINTER_BYTES_MAX
        && content.starts_with(b"version https://git-lfs.github.com/spec/")
}

/// Says that a file only points to its content.
pub(super) fn elsewhere(scan: &mut Scan<'_>, site: &Site) {
    let location = scan.at(site, Notice::GitLargeFile);
    scan.notice(Notice::GitLargeFile, location, "", 1);
    scan.refuse(site, None, Kind::Text, Reason::Link);
}

/// What stands beside the history.
struct Outside<'o> {
    work_tree: &'o WorkTree,
    staged: Vec<(String, ObjectId)>,
    /// Objects may be left out, to be fetched when they are needed.
    is_partial: bool,
}

/// Files of the repository itself, and those of each repository below `modules/`.
fn split<'f>(files: &Files<'f>) -> (Files<'f>, BTreeMap<&'f str, Files<'f>>) {
    let heads = files.keys().filter_map(|path| path.strip_suffix("/HEAD"));
    let roots: BTreeSet<&str> = heads
        .filter(|root| root.starts_with("modules/"))
        .filter(|root| files.contains_key(format!("{root}/config").as_str()))
        .collect();
    let (mut own, mut nested) = (Files::new(), BTreeMap::<_, Files<'f>>::new());
    for (path, content) in files {
        // The outermost one; those inside it are found when it is read.
        let mut folders = path.match_indices('/').map(|(at, _)| &path[..at]);
        match folders.find(|folder| roots.contains(folder)) {
            Some(root) => {
                nested.entry(root).or_default().insert(&path[root.len() + 1..], content);
            }
            None => {
                own.insert(path, content);
            }
        }
    }
    (own, nested)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_tells_its_repository() {
        for (path, root) in [
            ("a/.git/HEAD", Some("a/.git")),
            (".git/objects/pack/x.pack", Some(".git")),
            ("a/.git/modules/b/HEAD", Some("a/.git")),
            ("a/b.git/HEAD", Some("a/b.git")),
            ("a/b.git/notes.txt", None),
            ("a/.git", None),
            ("a/.gitignore", None),
            ("a/x.github/HEAD", None),
        ] {
            assert_eq!(repository_of(path), root, "{path}");
        }
    }
}
