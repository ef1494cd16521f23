//! Git repositories: history, objects that no branch reaches, stashes, remotes and identities.
//!
//! The reader works on the files below one `.git` folder, given by their paths in it, so that a
//! folder, an archive and a bundle are read alike (gitrepository-layout(5)).

use std::collections::{BTreeMap, BTreeSet};

use crate::kind::Kind;
use crate::report::Reason;
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

    /// Puts a file aside if it belongs to a repository; else gives it back.
    pub(crate) fn take(&mut self, name: &str, content: Vec<u8>) -> Option<Vec<u8>> {
        if self.repositories.is_empty() {
            return Some(content);
        }
        let root = repository_of(name);
        let Some((files, _)) = root.and_then(|root| self.repositories.get_mut(root)) else {
            return Some(content);
        };
        let inner = root.map_or("", |root| &name[root.len() + 1..]);
        files.insert(inner.to_owned(), content);
        None
    }

    /// Reads each repository.
    pub(crate) fn read(self, scan: &mut Scan<'_>, site: &Site) {
        for (root, (files, work_tree)) in &self.repositories {
            read(scan, &site.inner(root), files, work_tree);
        }
    }
}

/// Reads the files below one `.git` folder, or of a bare repository, by their paths in it.
pub(crate) fn read(
    scan: &mut Scan<'_>,
    site: &Site,
    files: &BTreeMap<String, Vec<u8>>,
    _work_tree: &WorkTree,
) {
    for name in files.keys() {
        scan.refuse(&site.inner(name), None, Kind::Unknown, Reason::NoReader);
    }
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
