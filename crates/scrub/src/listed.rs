//! Which entries a report lists one by one. A file of a hundred thousand pictures of one kind gives
//! a report that nobody reads and no browser opens; beyond a bound one entry says how many more
//! there are. It has an id of its own, made of theirs, and stands in the way as they would.

use std::collections::BTreeMap;

use crate::finding::{Category, Finding, Location};
use crate::report::{NotRead, Read};

/// Entries of one kind that are listed for the parts of one container.
const CONTAINER_MAX: usize = 1_000;

/// Entries of one kind that are listed for one file and everything in it.
const FILE_MAX: usize = 10_000;

/// Bounds what was not read, by reason. Takes and returns it in order.
pub(crate) fn not_read(entries: Vec<NotRead>) -> Vec<NotRead> {
    let key = |depth: Depth| {
        move |entry: &NotRead| {
            let path = depth.of(&entry.path, entry.part.is_some());
            Some((path.to_vec(), entry.reason))
        }
    };
    let entries = bounded(entries, CONTAINER_MAX, key(Depth::Container), NotRead::more);
    let mut entries = bounded(entries, FILE_MAX, key(Depth::File), NotRead::more);
    entries.sort();
    entries
}

/// Bounds what was read, by kind. The caller puts it in order.
pub(crate) fn read(entries: Vec<Read>) -> Vec<Read> {
    let key = |entry: &Read| {
        let is_inner = entry.path.len() > 1;
        is_inner.then(|| (Depth::File.of(&entry.path, false).to_vec(), entry.kind))
    };
    bounded(entries, FILE_MAX, key, |(path, kind), more| {
        let bytes = more.iter().map(|entry| entry.bytes).fold(0, u64::saturating_add);
        let count = more.iter().map(|entry| entry.count).sum();
        Read { path, kind, bytes, encoding: None, count }
    })
}

/// Bounds what is said about files inside others as a whole, by rule. The caller puts it in order.
pub(crate) fn findings(entries: Vec<Finding>) -> Vec<Finding> {
    let key = |entry: &Finding| {
        let is_inner = entry.category == Category::File && entry.location.path.len() > 1;
        let path = Depth::Container.of(&entry.location.path, entry.location.part.is_some());
        is_inner.then(|| (path.to_vec(), entry.rule.clone()))
    };
    bounded(entries, CONTAINER_MAX, key, |(path, rule), more| {
        let count = more.iter().map(|entry| entry.count).fold(0, u64::saturating_add);
        let excerpt = format!("{} more", more.len());
        let location = Location { path, channel: more[0].location.channel, ..Location::default() };
        let id = Finding::id_of_all(&rule, &location, &more);
        let Finding { category, severity, why, what, .. } = more[0].clone();
        Finding { id, rule, category, severity, location, excerpt, count, why, what }
    })
}

/// What entries are counted for.
#[derive(Clone, Copy)]
enum Depth {
    Container,
    File,
}

impl Depth {
    /// The path of what an entry counts for.
    fn of(self, path: &[String], is_part: bool) -> &[String] {
        match self {
            Self::File => &path[..path.len().min(1)],
            Self::Container if is_part || path.len() < 2 => path,
            Self::Container => &path[..path.len() - 1],
        }
    }
}

/// Keeps the first entries of each key, and puts one in the place of those beyond. An entry without
/// a key stays.
fn bounded<T, K: Ord>(
    entries: Vec<T>,
    most: usize,
    key: impl Fn(&T) -> Option<K>,
    more: impl Fn(K, Vec<T>) -> T,
) -> Vec<T> {
    if entries.len() <= most {
        return entries;
    }
    let mut kept = Vec::with_capacity(entries.len());
    let mut groups: BTreeMap<K, (usize, Vec<T>)> = BTreeMap::new();
    for entry in entries {
        let Some(key) = key(&entry) else {
            kept.push(entry);
            continue;
        };
        let (count, surplus) = groups.entry(key).or_default();
        *count += 1;
        if *count > most {
            surplus.push(entry);
        } else {
            kept.push(entry);
        }
    }
    let groups = groups.into_iter().filter(|(_, (_, surplus))| !surplus.is_empty());
    kept.extend(groups.map(|(key, (_, surplus))| more(key, surplus)));
    kept
}

#[cfg(test)]
mod tests {
    use super::bounded;

    #[test]
    fn what_is_beyond_a_bound_is_counted() {
        let more = |key: u32, surplus: Vec<u32>| key + 1_000 * surplus.len() as u32;
        let key = |entry: &u32| (*entry > 0).then_some(entry % 10);
        let entries = vec![1, 11, 0, 21, 31, 2, 0, 0, 12];
        assert_eq!(bounded(entries.clone(), 9, key, more), entries);
        assert_eq!(bounded(entries, 2, key, more), [1, 11, 0, 2, 0, 0, 12, 2001]);
    }
}
