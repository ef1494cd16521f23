//! The objects of a repository, loose ones and those of packs (gitformat-pack(5)). Ids are always
//! computed from the content and never taken from an index.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use gix_hash::ObjectId;
use gix_object::Kind;
use rayon::prelude::*;

use super::pack::{self, Inflater};
use crate::limits::Budget;
use crate::report::Reason;

/// Most deltas on top of each other; git itself makes at most 4095.
const CHAIN_MAX: usize = 4096;

/// Most bytes of unpacked objects that are kept as bases of deltas.
const CACHE_BYTES_MAX: usize = 64 << 20;

/// Most rounds through the objects in search of bases.
const ROUNDS_MAX: u32 = 64;

/// Most objects, for each entry that a scan may have.
const OBJECTS_FOR_ENTRY: u64 = 8;

/// How often what is unpacked may be unpacked anew, on average, before a pack counts as hostile.
const ANEW_MAX: u64 = 4;

/// Most bytes of objects whose ids wait to be computed together.
const WAITING_BYTES_MAX: usize = 8 << 20;

/// Where the base of a delta is found.
#[derive(Clone, Copy, Debug)]
enum Base {
    /// It is no delta.
    None,
    /// Position among the objects.
    At(u32),
    /// Id of an object that may come later, or from another pack.
    Id(ObjectId),
}

#[derive(Clone, Copy, Debug)]
enum Source<'f> {
    Loose(&'f [u8]),
    Packed { bytes: &'f [u8], size: u64, base: Base },
}

#[derive(Debug)]
struct Object<'f> {
    id: Option<ObjectId>,
    kind: Option<Kind>,
    source: Source<'f>,
}

/// An object unpacked.
pub(super) type Content = (Kind, Arc<Vec<u8>>);

/// All objects of a repository.
pub(super) struct Store<'f> {
    pub(super) hash: gix_hash::Kind,
    objects: Vec<Object<'f>>,
    /// Positions by id; only ever asked by id.
    by_id: HashMap<ObjectId, u32>,
    /// Objects whose ids are not computed yet, and the bytes of their contents.
    waiting: Vec<(u32, Kind, Arc<Vec<u8>>)>,
    waiting_bytes: usize,
    cache: Cache,
    inflater: Inflater,
    work: u64,
    work_max: u64,
    entry_max: u64,
    objects_max: u64,
}

/// What was wrong with a pack or an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// It was not read, or not to its end.
    NotRead(Reason),
    /// There is more behind its end.
    Trailing,
    /// The content has another id than its name says.
    WrongId,
}

impl<'f> Store<'f> {
    pub(super) fn new(hash: gix_hash::Kind, budget: &Budget) -> Self {
        let limits = budget.limits();
        Self {
            hash,
            objects: Vec::new(),
            by_id: HashMap::new(),
            waiting: Vec::new(),
            waiting_bytes: 0,
            cache: Cache::default(),
            inflater: Inflater::default(),
            work: 0,
            work_max: limits.total_bytes_max.saturating_mul(ANEW_MAX),
            entry_max: limits.entry_bytes_max,
            objects_max: limits.entries_max.saturating_mul(OBJECTS_FOR_ENTRY),
        }
    }

    /// Unpacks loose objects side by side, to be taken in one after the other. Their packed bytes
    /// bound what is in memory.
    pub(super) fn unpack_loose(&self, all: &[&[u8]]) -> Vec<Loose> {
        let (hash, entry_max) = (self.hash, self.entry_max);
        let one = |inflater: &mut Inflater, bytes: &&[u8]| {
            let unpacked = inflater.loose(bytes, entry_max);
            let id =
                unpacked.as_ref().ok().and_then(|(kind, content, _)| id_of(hash, *kind, content));
            Loose { unpacked, id }
        };
        all.par_iter().map_init(Inflater::default, one).collect()
    }

    /// Takes in a loose object.
    pub(super) fn add_loose(
        &mut self,
        budget: &mut Budget,
        named: Option<ObjectId>,
        bytes: &'f [u8],
        loose: Loose,
    ) -> Result<(), Fault> {
        let Loose { unpacked, id } = loose;
        let (kind, content, used) = unpacked.map_err(Fault::NotRead)?;
        budget.spend(content.len() as u64, bytes.len() as u64).map_err(Fault::NotRead)?;
        let at = self.push(Object { id: None, kind: None, source: Source::Loose(bytes) })?;
        self.objects[at as usize].kind = Some(kind);
        self.name(at, id);
        self.cache.put(at, Arc::new(content));
        match named {
            Some(named) if id != Some(named) => Err(Fault::WrongId),
            _ if used < bytes.len() => Err(Fault::Trailing),
            _ => Ok(()),
        }
    }

    /// Takes in all objects of a pack; those with bases elsewhere wait for [`Store::settle`].
    pub(super) fn add_pack(&mut self, budget: &mut Budget, bytes: &'f [u8]) -> Vec<Fault> {
        let faults = self.add_all_packed(budget, bytes);
        self.tell_ids();
        faults
    }

    fn add_all_packed(&mut self, budget: &mut Budget, bytes: &'f [u8]) -> Vec<Fault> {
        let mut faults = Vec::new();
        let Some(count) = pack::objects_of(bytes) else {
            return vec![Fault::NotRead(Reason::Broken)];
        };
        let end = bytes.len().saturating_sub(self.hash.len_in_bytes());
        let (mut at, mut places) = (pack::HEADER_BYTES, Vec::new());
        for _ in 0..count {
            match self.add_packed(budget, bytes.get(..end).unwrap_or_default(), at, &mut places) {
                Ok((next, None)) => at = next,
                Ok((next, Some(reason))) => {
                    faults.push(Fault::NotRead(reason));
                    at = next;
                }
                Err(reason) => {
                    faults.push(Fault::NotRead(reason));
                    return faults;
                }
            }
        }
        if at != end {
            faults.push(Fault::Trailing);
        }
        faults
    }

    /// Takes in the object at an offset: the offset of the next one, and why this one is left out.
    fn add_packed(
        &mut self,
        budget: &mut Budget,
        bytes: &'f [u8],
        at: usize,
        places: &mut Vec<(usize, u32)>,
    ) -> Result<(usize, Option<Reason>), Reason> {
        let head = pack::entry(bytes, at, self.hash).ok_or(Reason::Broken)?;
        let packed = bytes.get(head.start..).ok_or(Reason::Broken)?;
        if head.size > self.entry_max {
            let used = self.inflater.skip(packed, self.work_max).ok_or(Reason::Broken)?;
            return Ok((head.start.saturating_add(used), Some(Reason::TooLarge)));
        }
        let (content, used) = self.inflater.exactly(packed, head.size).ok_or(Reason::Broken)?;
        let base = match head.base {
            pack::Base::None => Base::None,
            pack::Base::Id(id) => Base::Id(id),
            pack::Base::Back(distance) => {
                let place = at.checked_sub(distance).ok_or(Reason::Broken)?;
                match places.binary_search_by_key(&place, |(place, _)| *place) {
                    Ok(found) => Base::At(places[found].1),
                    // The base was too large and is left out, and so is this.
                    Err(_) => return Ok((head.start + used, Some(Reason::Broken))),
                }
            }
        };
        let source =
            Source::Packed { bytes: packed.get(..used).unwrap_or_default(), size: head.size, base };
        let number = self
            .push(Object { id: None, kind: head.kind, source })
            .map_err(|_| Reason::TooManyEntries)?;
        places.push((at, number));
        let next = head.start + used;
        match (base, head.kind) {
            (Base::None, Some(kind)) => {
                budget.spend(content.len() as u64, u64::MAX)?;
                self.finish(number, kind, Arc::new(content));
                Ok((next, None))
            }
            (Base::At(base), _) => {
                // A base that waits for its own base is settled later, and so is this.
                let Some(kind) = self.objects[base as usize].kind else { return Ok((next, None)) };
                let outcome = self.load(base).and_then(|base| {
                    let content = pack::apply(&base, &content, self.entry_max)?;
                    budget.spend(content.len() as u64, u64::MAX)?;
                    Ok(content)
                });
                match outcome {
                    Ok(content) => {
                        self.finish(number, kind, Arc::new(content));
                        Ok((next, None))
                    }
                    Err(Reason::TotalTooLarge) => Err(Reason::TotalTooLarge),
                    Err(reason) => Ok((next, Some(reason))),
                }
            }
            _ => Ok((next, None)),
        }
    }

    /// Finds the ids of deltas whose bases were not there yet. How many have none at all.
    pub(super) fn settle(&mut self, budget: &mut Budget) -> Result<u64, Reason> {
        let mut waiting = 0;
        for round in 0..ROUNDS_MAX {
            let mut settled = 0;
            waiting = 0;
            for at in 0..self.count() {
                // Bases mostly stand before their deltas; to and fro, so that it is quick if not.
                let at = if round % 2 == 0 { at } else { self.count() - 1 - at };
                if self.objects[at as usize].id.is_some() {
                    continue;
                }
                let Some(kind) = self.base_kind(at) else {
                    waiting += 1;
                    continue;
                };
                let content = match self.load(at) {
                    Ok(content) => content,
                    Err(Reason::TotalTooLarge) => return Err(Reason::TotalTooLarge),
                    Err(_) => {
                        waiting += 1;
                        continue;
                    }
                };
                budget.spend(content.len() as u64, u64::MAX)?;
                self.finish(at, kind, content);
                // What comes next may be a delta of it.
                self.tell_ids();
                settled += 1;
            }
            if settled == 0 {
                break;
            }
        }
        Ok(waiting)
    }

    /// The kind of an object, where its base is known already.
    fn base_kind(&self, at: u32) -> Option<Kind> {
        let object = self.objects.get(at as usize)?;
        if let Source::Packed { base, .. } = object.source {
            return match base {
                Base::None => object.kind,
                Base::At(base) => self.objects.get(base as usize)?.kind,
                Base::Id(id) => self.objects.get(*self.by_id.get(&id)? as usize)?.kind,
            };
        }
        object.kind
    }

    fn push(&mut self, object: Object<'f>) -> Result<u32, Fault> {
        let at = u32::try_from(self.objects.len()).ok();
        let at = at.filter(|at| u64::from(*at) < self.objects_max);
        let at = at.ok_or(Fault::NotRead(Reason::TooManyEntries))?;
        self.objects.push(object);
        Ok(at)
    }

    /// Notes kind of an object whose content is known; its id waits for [`Store::tell_ids`].
    fn finish(&mut self, at: u32, kind: Kind, content: Arc<Vec<u8>>) {
        self.objects[at as usize].kind = Some(kind);
        self.waiting_bytes = self.waiting_bytes.saturating_add(content.len());
        self.waiting.push((at, kind, Arc::clone(&content)));
        self.cache.put(at, content);
        if self.waiting_bytes > WAITING_BYTES_MAX {
            self.tell_ids();
        }
    }

    /// Computes the ids that wait, on all threads.
    fn tell_ids(&mut self) {
        let (waiting, hash) = (std::mem::take(&mut self.waiting), self.hash);
        self.waiting_bytes = 0;
        let id =
            |(at, kind, content): &(u32, Kind, Arc<Vec<u8>>)| (*at, id_of(hash, *kind, content));
        let ids: Vec<_> = if let [one] = waiting.as_slice() {
            vec![id(one)]
        } else {
            waiting.par_iter().map(id).collect()
        };
        for (at, id) in ids {
            self.name(at, id);
        }
    }

    /// Gives an object its id; of equal ones the first is asked for by it.
    fn name(&mut self, at: u32, id: Option<ObjectId>) {
        self.objects[at as usize].id = id;
        if let Some(id) = id {
            self.by_id.entry(id).or_insert(at);
        }
    }

    pub(super) fn count(&self) -> u32 {
        // No more than that are taken in.
        u32::try_from(self.objects.len()).unwrap_or(u32::MAX)
    }

    pub(super) fn position(&self, id: &ObjectId) -> Option<u32> {
        self.by_id.get(id).copied()
    }

    /// Id and kind of the object at a position, if they could be told and no other has the same id.
    pub(super) fn object(&self, at: u32) -> Option<(ObjectId, Kind)> {
        let object = self.objects.get(at as usize)?;
        let id = object.id?;
        (self.position(&id) == Some(at)).then_some((id, object.kind?))
    }

    /// Kind and content of the object with an id.
    pub(super) fn get(&mut self, id: &ObjectId) -> Result<Option<Content>, Reason> {
        let Some(at) = self.position(id) else { return Ok(None) };
        let Some(kind) = self.objects[at as usize].kind else { return Ok(None) };
        self.load(at).map(|content| Some((kind, content)))
    }

    /// Unpacks the object at a position: its base first, then delta after delta.
    fn load(&mut self, at: u32) -> Result<Arc<Vec<u8>>, Reason> {
        let mut chain = Vec::new();
        let mut current = at;
        let mut content = loop {
            if let Some(content) = self.cache.get(current) {
                break content;
            }
            let object = self.objects.get(current as usize).ok_or(Reason::Broken)?;
            match object.source {
                Source::Loose(bytes) => {
                    let (_, content, _) = self.inflater.loose(bytes, self.entry_max)?;
                    break self.worked(current, content)?;
                }
                Source::Packed { bytes, size, base: Base::None } => {
                    let (content, _) = self.inflater.exactly(bytes, size).ok_or(Reason::Broken)?;
                    break self.worked(current, content)?;
                }
                Source::Packed { bytes, size, base } => {
                    chain.push((current, bytes, size));
                    current = match base {
                        Base::Id(id) => self.position(&id).ok_or(Reason::Broken)?,
                        Base::At(at) => at,
                        Base::None => return Err(Reason::Broken),
                    };
                }
            }
            if chain.len() > CHAIN_MAX {
                return Err(Reason::TooDeep);
            }
        };
        while let Some((number, bytes, size)) = chain.pop() {
            let (delta, _) = self.inflater.exactly(bytes, size).ok_or(Reason::Broken)?;
            let next = pack::apply(&content, &delta, self.entry_max)?;
            content = self.worked(number, next)?;
        }
        Ok(content)
    }

    fn worked(&mut self, at: u32, content: Vec<u8>) -> Result<Arc<Vec<u8>>, Reason> {
        self.work = self.work.saturating_add(content.len() as u64);
        if self.work > self.work_max {
            return Err(Reason::TotalTooLarge);
        }
        let content = Arc::new(content);
        self.cache.put(at, Arc::clone(&content));
        Ok(content)
    }
}

/// A loose object unpacked, or why it is not, and its id.
pub(super) struct Loose {
    unpacked: Result<(Kind, Vec<u8>, usize), Reason>,
    id: Option<ObjectId>,
}

/// The id of a content; none for one made to collide, for which the hash fails.
fn id_of(hash: gix_hash::Kind, kind: Kind, content: &[u8]) -> Option<ObjectId> {
    gix_object::compute_hash(hash, kind, content).ok()
}

/// Contents unpacked lately, oldest out first.
#[derive(Default)]
struct Cache {
    contents: HashMap<u32, Arc<Vec<u8>>>,
    order: VecDeque<u32>,
    bytes: usize,
}

impl Cache {
    fn get(&self, at: u32) -> Option<Arc<Vec<u8>>> {
        self.contents.get(&at).cloned()
    }

    fn put(&mut self, at: u32, content: Arc<Vec<u8>>) {
        if content.len() > CACHE_BYTES_MAX || self.contents.contains_key(&at) {
            return;
        }
        self.bytes += content.len();
        self.contents.insert(at, content);
        self.order.push_back(at);
        while self.bytes > CACHE_BYTES_MAX {
            let Some(oldest) = self.order.pop_front() else { break };
            let gone = self.contents.remove(&oldest).map_or(0, |content| content.len());
            self.bytes = self.bytes.saturating_sub(gone);
        }
    }
}
