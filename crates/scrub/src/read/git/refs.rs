//! Names that point to objects: branches, tags, stashes, logs of where they pointed before
//! (gitrepository-layout(5), git-pack-refs(1)).

use std::collections::{BTreeMap, BTreeSet};

use gix_hash::ObjectId;

use super::Files;
use super::object::{identity, text};

/// A line of a log of a reference.
#[derive(Debug)]
pub(super) struct LogLine {
    pub(super) name: String,
    pub(super) ids: Vec<ObjectId>,
    pub(super) identity: String,
    pub(super) message: String,
}

/// All names that a repository knows.
#[derive(Debug, Default)]
pub(super) struct Refs {
    /// The commit that is checked out.
    pub(super) head: Option<ObjectId>,
    /// The branch that is checked out.
    pub(super) head_name: Option<String>,
    /// Full names below `refs/`.
    pub(super) named: BTreeMap<String, ObjectId>,
    /// `ORIG_HEAD` and others that a command left behind, and heads of further work trees.
    pub(super) left: BTreeMap<String, ObjectId>,
    pub(super) logs: Vec<LogLine>,
    /// Commits whose parents are left out on purpose.
    pub(super) shallow: BTreeSet<ObjectId>,
    /// Files that were read for this and hold nothing else.
    pub(super) files: BTreeSet<String>,
}

impl Refs {
    pub(super) fn of(files: &Files<'_>) -> Self {
        let mut refs = Self::default();
        for (path, bytes) in files {
            let content = text(bytes);
            if *path == "packed-refs" {
                refs.packed(&content);
            } else if *path == "shallow" {
                refs.shallow.extend(content.lines().filter_map(id));
            } else if path.starts_with("refs/") {
                if let Some(id) = id(content.trim_end()) {
                    refs.files.insert((*path).to_owned());
                    refs.named.insert((*path).to_owned(), id);
                }
            } else if *path == "HEAD" {
                refs.head_name =
                    content.strip_prefix("ref: ").map(|name| name.trim_end().to_owned());
                refs.head = id(content.trim_end());
            } else if path.starts_with("logs/") || path.contains("/logs/") {
                refs.log(path, &content);
            } else if path.ends_with("HEAD") && !path.starts_with("objects/") {
                let ids = content.lines().filter_map(|line| id(line.split('\t').next()?));
                refs.left.extend(ids.enumerate().map(|(at, id)| (format!("{path}#{at}"), id)));
            }
        }
        refs.find_head();
        refs
    }

    /// The commit of the branch that is checked out.
    pub(super) fn find_head(&mut self) {
        if let Some(name) = &self.head_name {
            self.head = self.named.get(name).copied();
        }
    }

    fn packed(&mut self, content: &str) {
        for line in content.lines() {
            if let Some((hex, name)) = line.split_once(' ')
                && let Some(id) = id(hex)
            {
                self.named.entry(name.to_owned()).or_insert(id);
            }
        }
    }

    /// Lines `old new identity time zone TAB message`. A file with others is read as text.
    fn log(&mut self, path: &str, content: &str) {
        let name = path.split_once("logs/").map_or(path, |(_, name)| name);
        let lines = content.lines().map(|line| log_line(name, line)).collect::<Option<Vec<_>>>();
        if let Some(lines) = lines {
            self.logs.extend(lines);
            self.files.insert(path.to_owned());
        }
    }
}

fn log_line(name: &str, line: &str) -> Option<LogLine> {
    let (head, message) = line.split_once('\t').unwrap_or((line, ""));
    let mut parts = head.splitn(3, ' ');
    let ids = vec![id(parts.next()?)?, id(parts.next()?)?];
    Some(LogLine {
        name: name.to_owned(),
        ids: ids.into_iter().filter(|id| !id.is_null()).collect(),
        identity: identity(parts.next()?).to_owned(),
        message: message.to_owned(),
    })
}

fn id(hex: &str) -> Option<ObjectId> {
    ObjectId::from_hex(hex.as_bytes()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_every_place() {
        let [a, b] = ["a".repeat(40), "b".repeat(40)];
        let packed = format!("# pack-refs with: peeled\n{a} refs/heads/x\n{a} refs/tags/t\n^{b}\n");
        let log = format!("{} {b} A <a@b> 1 +0000\tcommit: x\n", "0".repeat(40));
        let loose = format!("{b}\n");
        let files: Files<'_> = [
            ("HEAD", "ref: refs/heads/x\n"),
            ("packed-refs", &packed),
            ("refs/heads/x", &loose),
            ("logs/HEAD", &log),
            ("logs/odd", "no log"),
            ("ORIG_HEAD", &loose),
        ]
        .into_iter()
        .map(|(path, content)| (path, content.as_bytes()))
        .collect();
        let refs = Refs::of(&files);
        assert_eq!(refs.head.map(|id| id.to_string()), Some(b.clone()));
        assert_eq!(refs.named.len(), 2);
        assert_eq!((refs.logs.len(), refs.logs[0].ids.len(), refs.left.len()), (1, 1, 1));
        assert!(refs.files.contains("logs/HEAD") && !refs.files.contains("logs/odd"));
    }
}
