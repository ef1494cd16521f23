//! The sample submissions, unpacked from the program.

use std::path::{Path, PathBuf};

use crate::{
    assets,
    cli::{answers::Answers, client::write, output::Failure},
};

/// A git repository cannot contain another one's `.git`, so the sample's is stored under this name.
const STORED_GIT: &str = "dot-git";

/// One sample: a piece of work and what its author says about it.
pub struct Sample {
    /// Folder name.
    pub name: String,
    /// What was asked for.
    pub request: PathBuf,
    /// What answered it.
    pub deliverable: PathBuf,
    /// The author's answers.
    pub answers: Answers,
}

/// Writes the samples below `folder` and reads their answers.
pub fn unpack(folder: &Path) -> Result<Vec<Sample>, Failure> {
    let mut names: Vec<String> = Vec::new();
    for (path, bytes) in assets::samples() {
        let below: Vec<&str> =
            path.split('/').map(|name| if name == STORED_GIT { ".git" } else { name }).collect();
        write(&below.iter().fold(folder.to_path_buf(), |path, name| path.join(name)), &bytes)?;
        if let [sample, "answers.toml"] = below[..] {
            names.push(sample.to_owned());
        }
    }
    names.into_iter().map(|name| sample(folder, name)).collect()
}

fn sample(folder: &Path, name: String) -> Result<Sample, Failure> {
    let root = folder.join(&name);
    let path = root.join("answers.toml");
    let text = std::fs::read_to_string(&path)
        .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
    let answers = Answers::parse(&text)
        .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
    restore_empty_folders(&root)?;
    Ok(Sample {
        name,
        request: root.join("request"),
        deliverable: root.join("deliverable"),
        answers,
    })
}

/// git knows no empty folders, but a repository without `refs` is not one.
fn restore_empty_folders(root: &Path) -> Result<(), Failure> {
    let repositories = walkdir::WalkDir::new(root).into_iter().filter_map(Result::ok);
    for entry in
        repositories.filter(|entry| entry.file_type().is_dir() && entry.file_name() == ".git")
    {
        for folder in ["refs/heads", "refs/tags", "objects/info"] {
            let folder = entry.path().join(folder);
            std::fs::create_dir_all(&folder)
                .map_err(|error| Failure::usage(format!("{}: {error}", folder.display())))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_has_both_sides_and_answers_and_one_is_a_repository() {
        let folder = tempfile::tempdir().unwrap();
        let samples = unpack(folder.path()).unwrap();
        assert!(samples.len() >= 5, "{}", samples.len());
        assert!(
            samples.iter().all(|sample| sample.request.is_dir() && sample.deliverable.is_dir())
        );
        let repositories = samples.iter().filter(|sample| {
            walkdir::WalkDir::new(&sample.deliverable)
                .into_iter()
                .filter_map(Result::ok)
                .any(|entry| entry.path().ends_with(".git/HEAD"))
        });
        assert_eq!(repositories.count(), 1);
    }
}
