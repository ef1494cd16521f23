//! Copies without what can be removed safely.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use attestry_scrub::{Fixed, FixedFiles, Limits, Removed, Report, fix, fix_files, report::Reason};
use serde::Serialize;

use super::files::Found;
use crate::cli::{
    client::write,
    output::{Failure, Output},
};

/// What became of the files.
#[derive(Debug, Default, Serialize)]
pub struct Copies {
    /// What is gone.
    removed: Vec<Removed>,
    /// What cannot be taken apart, with the reason: files are copied as they are, repositories and
    /// links are left out.
    unchanged: Vec<Unchanged>,
}

#[derive(Debug, Serialize)]
struct Unchanged {
    path: String,
    reason: serde_json::Value,
}

/// Writes a copy of each file below `out`; never over anything.
pub fn write_copies(found: &[Found], out: &Path) -> Result<Copies, Failure> {
    let unusable =
        |error: &dyn std::fmt::Display| Failure::usage(format!("{}: {error}", out.display()));
    std::fs::create_dir_all(out).map_err(|error| unusable(&error))?;
    // Where nothing is, nothing is overwritten, and no link leads elsewhere.
    let mut inside = std::fs::read_dir(out).map_err(|error| unusable(&error))?;
    if inside.next().is_some() {
        return Err(unusable(&"it is not empty; give the copies a new folder: --out DIR"));
    }
    let mut names = BTreeSet::new();
    if let Some(twice) = found.iter().find(|one| !names.insert(one.name.as_str())) {
        let name = &twice.name;
        return Err(Failure::usage(format!(
            "two of the files would have the copy {name}; give the folder that holds both"
        )));
    }
    let mut copies = Copies::default();
    for link in found.iter().filter(|one| one.link.is_some()) {
        copies.leave(&link.name, Reason::Link);
    }
    let mut repositories: BTreeMap<&str, BTreeMap<String, Vec<u8>>> = BTreeMap::new();
    let roots: Vec<&str> = found.iter().filter_map(|one| repository_of(&one.name)).collect();
    for one in found.iter().filter(|one| one.link.is_none()) {
        // The history of a repository can only be made anew together with its files.
        let root = roots.iter().copied().find(|root| is_below(&one.name, root));
        match root {
            Some(root) => {
                let inside = one.name[root.len()..].trim_start_matches('/').to_owned();
                repositories.entry(root).or_default().insert(inside, read(one)?);
            }
            None => copies.one(one, out)?,
        }
    }
    for (root, files) in repositories {
        copies.repository(root, files, out)?;
    }
    Ok(copies)
}

/// The folder that a repository is in, if the file is one of its own.
fn repository_of(name: &str) -> Option<&str> {
    let at = name.find("/.git/").or_else(|| name.starts_with(".git/").then_some(0))?;
    Some(&name[..at])
}

fn is_below(name: &str, root: &str) -> bool {
    root.is_empty() || name.strip_prefix(root).is_some_and(|rest| rest.starts_with('/'))
}

fn read(one: &Found) -> Result<Vec<u8>, Failure> {
    std::fs::read(&one.path)
        .map_err(|error| Failure::usage(format!("{}: {error}", one.path.display())))
}

impl Copies {
    fn one(&mut self, one: &Found, out: &Path) -> Result<(), Failure> {
        let bytes = read(one)?;
        let copy = match fix(&one.name, &bytes, Limits::default()) {
            Ok(Fixed { bytes, removed }) => {
                self.removed.extend(removed);
                bytes
            }
            Err(reason) => {
                self.leave(&one.name, reason);
                bytes
            }
        };
        write(&one.copied_to(out), &copy)
    }

    fn repository(
        &mut self,
        root: &str,
        files: BTreeMap<String, Vec<u8>>,
        out: &Path,
    ) -> Result<(), Failure> {
        let folder = root.split('/').fold(out.to_path_buf(), |path, name| path.join(name));
        let copy = match fix_files(root, files, Limits::default()) {
            Ok(FixedFiles { files, removed }) => {
                self.removed.extend(removed);
                files
            }
            // A copy with its history would be taken for a fixed one.
            Err(reason) => {
                self.leave(root, reason);
                BTreeMap::new()
            }
        };
        for (name, bytes) in copy {
            let path = name.split('/').fold(folder.clone(), |path, name| path.join(name));
            write(&path, &bytes)?;
        }
        Ok(())
    }

    fn leave(&mut self, path: &str, reason: Reason) {
        let reason = serde_json::to_value(reason).unwrap_or_default();
        self.unchanged.push(Unchanged { path: path.to_owned(), reason });
    }
}

/// Prints what was removed.
pub fn show(copies: &Copies, before: &Report, output: &Output) {
    output.heading("removed");
    let mut counts: BTreeMap<(&str, String), u64> = BTreeMap::new();
    for removed in &copies.removed {
        let channel = serde_json::to_value(removed.channel).unwrap_or_default();
        let channel = channel.as_str().unwrap_or_default().replace('-', " ");
        let file = removed.path.first().map_or("", String::as_str);
        *counts.entry((file, channel)).or_default() += removed.count;
    }
    for ((file, channel), count) in &counts {
        output.line(format_args!("  {file}: {channel} ×{count}"));
    }
    if counts.is_empty() {
        output.line("  nothing that can be removed safely");
    }
    for one in &copies.unchanged {
        let reason = one.reason.as_str().unwrap_or_default();
        output.line(format_args!("  {} could not be fixed: {reason}", one.path));
    }
    output.line(format_args!("  before: {} findings; what remains:", before.counts.findings));
}
