//! Things that are given out once, redeemed once, and soon worth nothing: challenges, sign-ins under
//! way.
//!
//! They are kept in memory. Strangers may ask for them, so their number is bounded and nobody's
//! request makes the database write. When there is no room the oldest goes: whoever floods the
//! service would have to do so faster than an honest caller answers.

use std::{
    num::NonZeroUsize,
    sync::{Mutex, PoisonError},
};

use lru::LruCache;

/// Named values, each of which can be taken once.
pub struct Tickets<T> {
    seconds: i64,
    // Nothing is read without being taken, so least recently used means oldest.
    issued: Mutex<LruCache<String, Ticket<T>>>,
}

struct Ticket<T> {
    value: T,
    expires_at: i64,
}

impl<T> Tickets<T> {
    /// Room for `max`, each good for `seconds`.
    #[must_use]
    pub fn new(max: NonZeroUsize, seconds: i64) -> Self {
        // Not allocated ahead: most services never need the room.
        let mut issued = LruCache::unbounded();
        issued.resize(max);
        Self { seconds, issued: Mutex::new(issued) }
    }

    /// Keeps a value under a name that nobody can guess; answers with the Unix second in which it
    /// ends.
    pub fn issue(&self, name: String, value: T, now: i64) -> i64 {
        let expires_at = now.saturating_add(self.seconds);
        let mut issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        while issued.peek_lru().is_some_and(|(_, oldest)| oldest.expires_at <= now) {
            issued.pop_lru();
        }
        issued.put(name, Ticket { value, expires_at });
        expires_at
    }

    /// Takes a value out, if it is there, not over, and `fits`. One that does not fit stays: nobody
    /// can spend what was given to somebody else.
    pub fn redeem(&self, name: &str, now: i64, fits: impl FnOnce(&T) -> bool) -> Option<T> {
        let mut issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        let ticket = issued.peek(name)?;
        if ticket.expires_at <= now || !fits(&ticket.value) {
            return None;
        }
        issued.pop(name).map(|ticket| ticket.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tickets(max: usize) -> Tickets<u8> {
        Tickets::new(NonZeroUsize::new(max).unwrap(), 60)
    }

    #[test]
    fn a_ticket_is_good_once() {
        let tickets = tickets(4);
        assert_eq!(tickets.issue("a".into(), 1, 1000), 1060);
        assert_eq!(tickets.redeem("b", 1001, |_| true), None);
        assert_eq!(tickets.redeem("a", 1001, |_| true), Some(1));
        assert_eq!(tickets.redeem("a", 1001, |_| true), None);
    }

    #[test]
    fn a_ticket_ends_and_leaves() {
        let tickets = tickets(4);
        tickets.issue("a".into(), 1, 1000);
        tickets.issue("b".into(), 2, 1001);
        assert_eq!(tickets.redeem("a", 1060, |_| true), None);
        assert_eq!(tickets.redeem("b", 1060, |_| true), Some(2));
        tickets.issue("c".into(), 3, 1060);
        assert_eq!(tickets.issued.lock().unwrap().len(), 1);
    }

    #[test]
    fn whoever_it_does_not_fit_cannot_spend_it() {
        let tickets = tickets(4);
        tickets.issue("a".into(), 1, 1000);
        assert_eq!(tickets.redeem("a", 1001, |value| *value == 2), None);
        assert_eq!(tickets.redeem("a", 1001, |value| *value == 1), Some(1));
    }

    #[test]
    fn the_oldest_makes_room() {
        let tickets = tickets(2);
        for (name, value) in [("a", 1), ("b", 2), ("c", 3)] {
            tickets.issue(name.into(), value, 1000);
        }
        assert_eq!(tickets.redeem("a", 1001, |_| true), None);
        assert_eq!(tickets.redeem("b", 1001, |_| true), Some(2));
        assert_eq!(tickets.redeem("c", 1001, |_| true), Some(3));
    }
}
