//! How many takedown notices are taken: nobody needs an account to send one, and each opens a case that
//! stays in the log for good.

use std::{net::IpAddr, num::NonZeroU32, time::Duration};

use governor::{
    DefaultDirectRateLimiter, DefaultKeyedRateLimiter, NotUntil, Quota, RateLimiter,
    clock::{Clock as _, DefaultClock},
};

use super::limits::network;

/// Notices at once, and the time in which one more is allowed.
#[derive(Clone, Copy, Debug)]
pub struct NoticeQuota {
    /// Of one peer; an IPv6 network of 64 bits is one peer.
    pub of_peer: (NonZeroU32, Duration),
    /// Of everybody together.
    pub of_all: (NonZeroU32, Duration),
}

impl Default for NoticeQuota {
    fn default() -> Self {
        let at_once = |more| NonZeroU32::MIN.saturating_add(more);
        Self {
            of_peer: (at_once(9), Duration::from_secs(60)),
            of_all: (at_once(99), Duration::from_secs(10)),
        }
    }
}

/// Peers that are remembered before those that have been quiet are forgotten.
const PEERS_KEPT: usize = 10_000;

/// Counts notices as they come.
pub struct NoticeRate {
    of_peer: DefaultKeyedRateLimiter<IpAddr>,
    of_all: DefaultDirectRateLimiter,
    clock: DefaultClock,
}

impl NoticeRate {
    /// Starts with the whole quota free.
    #[must_use]
    pub fn new(quota: NoticeQuota) -> Self {
        let quota_of = |(burst, every)| {
            let quota = Quota::with_period(every).unwrap_or(Quota::per_minute(NonZeroU32::MIN));
            quota.allow_burst(burst)
        };
        Self {
            of_peer: RateLimiter::keyed(quota_of(quota.of_peer)),
            of_all: RateLimiter::direct(quota_of(quota.of_all)),
            clock: DefaultClock::default(),
        }
    }

    /// Takes one from the quota of the peer, where it is known, and of everybody.
    ///
    /// # Errors
    /// How long to wait.
    pub fn take(&self, peer: Option<IpAddr>) -> Result<(), Duration> {
        if self.of_peer.len() > PEERS_KEPT {
            self.of_peer.retain_recent();
        }
        let wait = |until: NotUntil<_>| until.wait_time_from(self.clock.now());
        if let Some(peer) = peer {
            self.of_peer.check_key(&network(peer)).map_err(wait)?;
        }
        self.of_all.check().map_err(wait)
    }
}

impl Default for NoticeRate {
    fn default() -> Self {
        Self::new(NoticeQuota::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn rate(of_peer: u32, of_all: u32) -> NoticeRate {
        let of = |burst| (NonZeroU32::new(burst).unwrap(), HOUR);
        NoticeRate::new(NoticeQuota { of_peer: of(of_peer), of_all: of(of_all) })
    }

    fn peer(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn one_peer_does_not_use_up_what_others_have() {
        let rate = rate(2, 100);
        for _ in 0..2 {
            rate.take(peer("2001:db8::1")).unwrap();
        }
        let wait = rate.take(peer("2001:db8::2")).unwrap_err();
        assert!(wait > Duration::ZERO && wait <= HOUR, "{wait:?}");
        rate.take(peer("2001:db8:0:1::1")).unwrap();
        rate.take(peer("192.0.2.1")).unwrap();
    }

    #[test]
    fn all_together_have_a_bound_too() {
        let rate = rate(1, 3);
        for last in 1..=3 {
            rate.take(peer(&format!("192.0.2.{last}"))).unwrap();
        }
        assert!(rate.take(peer("192.0.2.4")).is_err());
        assert!(rate.take(None).is_err(), "behind a proxy nobody is told apart");
    }
}
