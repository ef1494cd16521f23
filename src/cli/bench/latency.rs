//! Latencies, kept one by one: percentiles are exact, not read from buckets.

use std::time::Duration;

/// Latencies of requests, in microseconds.
#[derive(Clone, Debug, Default)]
pub struct Latencies(Vec<u32>);

impl Latencies {
    /// Room for `requests` of them.
    pub fn with_capacity(requests: usize) -> Self {
        Self(Vec::with_capacity(requests))
    }

    /// Adds one; longer than an hour counts as an hour and some.
    pub fn add(&mut self, latency: Duration) {
        self.0.push(u32::try_from(latency.as_micros()).unwrap_or(u32::MAX));
    }

    /// Takes over those of another.
    pub fn merge(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Milliseconds by share of requests that took no longer, nearest rank; zeros if there are
    /// none.
    pub fn percentiles_ms<const N: usize>(mut self, per_mille: [u32; N]) -> [f64; N] {
        self.0.sort_unstable();
        per_mille.map(|share| {
            let rank = (self.0.len() * share as usize).div_ceil(1000).max(1);
            self.0.get(rank - 1).map_or(0.0, |microseconds| f64::from(*microseconds) / 1000.0)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(milliseconds: impl IntoIterator<Item = u64>) -> Latencies {
        let mut latencies = Latencies::default();
        milliseconds.into_iter().for_each(|ms| latencies.add(Duration::from_millis(ms)));
        latencies
    }

    #[test]
    fn percentiles_are_nearest_ranks_whatever_the_order() {
        let latencies = of((1..=100).rev());
        assert_eq!(latencies.percentiles_ms([500, 990, 1000, 0]), [50.0, 99.0, 100.0, 1.0]);
        assert_eq!(of([7]).percentiles_ms([500, 990]), [7.0, 7.0]);
        assert_eq!(Latencies::default().percentiles_ms([500]), [0.0]);
    }

    #[test]
    fn merging_keeps_every_latency() {
        let mut both = of([1, 3]);
        both.merge(of([2]));
        assert_eq!(both.count(), 3);
        assert_eq!(both.percentiles_ms([500, 1000]), [2.0, 3.0]);
    }

    #[test]
    fn an_absurd_latency_is_kept_as_the_longest() {
        let mut latencies = Latencies::with_capacity(1);
        latencies.add(Duration::from_secs(1 << 40));
        assert_eq!(latencies.percentiles_ms([1000]), [f64::from(u32::MAX) / 1000.0]);
    }
}
