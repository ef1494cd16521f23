//! What is handed to a scan: files by name, and which of them have to be read together.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Read, Seek};

use crate::read::git::repository_of;

/// Bytes that can be read from any place.
pub trait Source: Read + Seek {}

impl<T: Read + Seek> Source for T {}

/// Opens a file when its turn comes, so that a long list of files does not hold each of them open.
pub type Opener<'c> = Box<dyn FnOnce() -> io::Result<Box<dyn Source + 'c>> + Send + 'c>;

/// What a file holds.
pub enum Content<'c> {
    /// These bytes.
    Bytes(Cow<'c, [u8]>),
    /// What is read once it is opened; a large file is not held in memory.
    Open(Opener<'c>),
    /// Nothing: it is a symbolic link to this path, which is not followed.
    Link(String),
}

impl fmt::Debug for Content<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(bytes) => f.debug_tuple("Bytes").field(&bytes.len()).finish(),
            Self::Open(_) => f.write_str("Open"),
            Self::Link(target) => f.debug_tuple("Link").field(target).finish(),
        }
    }
}

/// A file to be scanned.
#[derive(Debug)]
pub struct File<'c> {
    /// Its name, with `/` between folders.
    pub name: String,
    /// What it holds.
    pub content: Content<'c>,
}

impl<'c> File<'c> {
    /// A file of given bytes.
    pub fn of(name: impl Into<String>, bytes: impl Into<Cow<'c, [u8]>>) -> Self {
        Self { name: name.into(), content: Content::Bytes(bytes.into()) }
    }

    /// A file that is opened when its turn comes.
    pub fn opened_by<S: Source + 'c>(
        name: impl Into<String>,
        open: impl FnOnce() -> io::Result<S> + Send + 'c,
    ) -> Self {
        let open: Opener<'c> = Box::new(|| open().map(|s| Box::new(s) as Box<dyn Source + 'c>));
        Self { name: name.into(), content: Content::Open(open) }
    }

    /// A symbolic link.
    pub fn link(name: impl Into<String>, target: impl Into<String>) -> Self {
        Self { name: name.into(), content: Content::Link(target.into()) }
    }
}

/// Files that are scanned in one go: one file, or a repository with its work tree.
#[derive(Debug)]
pub struct Unit<'c> {
    name: String,
    pub(crate) files: Vec<File<'c>>,
    /// Files of each repository, by the folder they are in.
    pub(crate) repositories: BTreeMap<String, Vec<File<'c>>>,
}

impl Unit<'_> {
    /// Name of the file or folder.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl<'c> From<File<'c>> for Unit<'c> {
    fn from(file: File<'c>) -> Self {
        Self { name: file.name.clone(), files: vec![file], repositories: BTreeMap::new() }
    }
}

/// Tells which files have to be read together: those of a folder that has a `.git`, and those of a
/// bare repository. The order given does not matter.
#[must_use]
pub fn units<'c>(mut files: Vec<File<'c>>) -> Vec<Unit<'c>> {
    files.sort_by(|a, b| a.name.cmp(&b.name));
    let roots = files.iter().filter_map(|file| Some(base_of(repository_of(&file.name)?)));
    let mut bases: Vec<String> = roots.map(str::to_owned).collect();
    bases.sort();
    // A repository in the work tree of another belongs to that one's unit.
    bases.dedup_by(|inner, outer| is_below(inner, outer));
    let empty = |base: String| {
        let unit = Unit { name: base.clone(), files: Vec::new(), repositories: BTreeMap::new() };
        (base, unit)
    };
    let mut grouped: BTreeMap<String, Unit<'c>> = bases.into_iter().map(empty).collect();
    let mut units = Vec::new();
    for file in files {
        let name = file.name.as_str();
        let folders = name.match_indices('/').map(|(at, _)| &name[..at]);
        let base = [""].into_iter().chain(folders).find(|base| grouped.contains_key(*base));
        let base = base.map(str::to_owned);
        match base.and_then(|base| grouped.get_mut(&base)) {
            Some(unit) => match repository_of(name).map(str::to_owned) {
                Some(root) => unit.repositories.entry(root).or_default().push(file),
                None => unit.files.push(file),
            },
            None => units.push(Unit::from(file)),
        }
    }
    units.extend(grouped.into_values());
    units
}

/// The folder that a repository's files and its work tree are in.
fn base_of(root: &str) -> &str {
    match root.rsplit_once('/') {
        Some((folder, ".git")) => folder,
        None if root == ".git" => "",
        _ => root,
    }
}

fn is_below(path: &str, folder: &str) -> bool {
    let rest = path.strip_prefix(folder);
    folder.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grouped(names: &[&str]) -> Vec<(String, usize, Vec<String>)> {
        let files = names.iter().map(|name| File::of(*name, b"".as_slice())).collect();
        let told =
            |unit: Unit<'_>| (unit.name, unit.files.len(), unit.repositories.into_keys().collect());
        units(files).into_iter().map(told).collect()
    }

    #[test]
    fn a_repository_and_its_work_tree_are_one_unit() {
        let names = ["w/a.rs", "x.txt", "w/.git/HEAD", "w/sub/.git/HEAD", "b.git/HEAD", "b.git/x"];
        let found = grouped(&names);
        // What lies in the folder of a bare repository without being part of it goes with it.
        assert_eq!(found[0].0, "x.txt");
        assert_eq!(found[1], ("b.git".to_owned(), 1, vec!["b.git".to_owned()]));
        let roots = vec!["w/.git".to_owned(), "w/sub/.git".to_owned()];
        assert_eq!(found[2], ("w".to_owned(), 1, roots));
        assert_eq!(grouped(&[".git/HEAD", "a", "b/c"])[0].1, 2);
        assert_eq!(grouped(&["a", "b"]).len(), 2);
    }
}
