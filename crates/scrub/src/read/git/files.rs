//! Files of a repository beside its objects: configuration, hooks, drafts of messages, the index, and
//! whatever else is there.

use gix_hash::ObjectId;

use super::config::Config;
use super::refs::Refs;
use super::{Files, index};
use crate::block::{Block, Place};
use crate::finding::Channel;
use crate::kind::Kind;
use crate::report::Reason;
use crate::rules::Notice;
use crate::scan::{Scan, Site};

/// What is staged in any of the indexes.
pub(super) fn staged(
    scan: &mut Scan<'_>,
    site: &Site,
    files: &Files<'_>,
    hash: gix_hash::Kind,
) -> Vec<(String, ObjectId)> {
    let mut all = Vec::new();
    for (path, content) in files.iter().filter(|(path, _)| is_index(path)) {
        match index::staged(content, hash) {
            Some(staged) => {
                scan.was_read(&site.inner(path), Kind::GitIndex, content, None);
                all.extend(staged);
            }
            None => scan.refuse(&site.inner(path), None, Kind::GitIndex, Reason::Broken),
        }
    }
    all
}

fn is_index(path: &str) -> bool {
    path == "index" || path.starts_with("worktrees/") && path.ends_with("/index")
}

/// Reads the files that no other part of the reader has read.
pub(super) fn rest(
    scan: &mut Scan<'_>,
    site: &Site,
    files: &Files<'_>,
    refs: &Refs,
    config: &Config,
) {
    for (path, content) in files {
        let inner = site.inner(path);
        if refs.files.contains(*path) {
            scan.was_read(&inner, Kind::Text, content, None);
        } else if !path.starts_with("objects/") && !is_index(path) && !content.is_empty() {
            scan.file(&inner, content);
        }
        if path.starts_with("hooks/") && !path.ends_with(".sample") {
            let location = scan.at(&inner, Notice::GitHook);
            scan.notice(Notice::GitHook, location, path, 1);
        }
        if path.starts_with("reftable/") {
            scan.refuse(&inner, None, Kind::GitRepository, Reason::NoReader);
        }
    }
    for (name, url) in &config.remotes {
        let mut location = scan.at(&site.inner("config"), Notice::GitRemote);
        location.field = Some(name.clone());
        scan.notice(Notice::GitRemote, location, url, 1);
    }
    let mut block = Block::new("user");
    for value in &config.identity {
        let mut location = scan.at(&site.inner("config"), Notice::GitIdentity);
        location.field = Some("user".to_owned());
        scan.notice(Notice::GitIdentity, location, value, 1);
        block.field(Place::of(Channel::Author), "user", value);
    }
    scan.block(&site.inner("config"), &block);
}
