//! What strangers may take up before anybody knows who they are: requests at once, memory for
//! bodies, and patience with slow senders.
//!
//! Requests with a body and without one are counted apart, so that reading goes on while senders
//! fill their share. Nobody waits for long: whoever finds no room is told to try again. A body takes
//! up memory as it arrives, not as it is announced, so that announcing much costs nobody anything.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr, SocketAddr},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU8, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{
    body::{Body, BodyDataStream, Bytes, HttpBody as _},
    extract::{ConnectInfo, Request, State},
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use futures_util::{FutureExt as _, StreamExt as _, stream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::problem::Problem;

/// The limits of one router.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Requests with a body that are served at the same time.
    pub with_body_max: usize,
    /// Requests without a body that are served at the same time.
    pub without_body_max: usize,
    /// Requests with a body of one peer at the same time; an IPv6 network of 64 bits is one peer.
    pub per_peer_max: usize,
    /// Bytes of all bodies that are held in memory.
    pub body_bytes_max: usize,
    /// How long a request waits for room.
    pub wait_max: Duration,
    /// Longest pause of a sender.
    pub idle_max: Duration,
    /// Time for which a sender may be slower than the minimum.
    pub grace: Duration,
    /// Slowest sender after that, measured over the time that the service waited for it.
    pub bytes_per_second_min: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            with_body_max: 4096,
            without_body_max: 4096,
            per_peer_max: 256,
            body_bytes_max: 256 << 20,
            wait_max: Duration::from_secs(2),
            idle_max: Duration::from_secs(30),
            grace: Duration::from_secs(30),
            bytes_per_second_min: 4096,
        }
    }
}

/// What becomes of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyUse {
    /// It is held in memory as a whole.
    Whole,
    /// It is passed on piece by piece.
    Streamed,
}

/// Room for requests and their bodies.
pub struct Admission {
    limits: Limits,
    with_body: Arc<Semaphore>,
    without_body: Arc<Semaphore>,
    body_bytes: Arc<Semaphore>,
    peers: Peers,
}

impl Admission {
    /// All of it is free.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        let room = |permits: usize| Arc::new(Semaphore::new(permits.min(Semaphore::MAX_PERMITS)));
        Self {
            with_body: room(limits.with_body_max),
            without_body: room(limits.without_body_max),
            body_bytes: room(limits.body_bytes_max),
            peers: Peers::new(limits.per_peer_max),
            limits,
        }
    }

    /// `None` if there is no room for `permits` in time.
    async fn room(&self, room: &Arc<Semaphore>, permits: u32) -> Option<OwnedSemaphorePermit> {
        if let Ok(permit) = Arc::clone(room).try_acquire_many_owned(permits) {
            return Some(permit);
        }
        let waiting = Arc::clone(room).acquire_many_owned(permits);
        tokio::time::timeout(self.limits.wait_max, waiting).await.ok()?.ok()
    }
}

fn busy() -> Problem {
    let detail = "the service has more to do than it can hold; nothing was read, try again";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "Busy", detail)
}

/// Serves the request once there is room for it, or refuses it soon.
pub(super) async fn admit(
    State(admission): State<Arc<Admission>>,
    request: Request,
    next: Next,
) -> Response {
    if request.body().is_end_stream() {
        let Some(_room) = admission.room(&admission.without_body, 1).await else {
            return busy().into_response();
        };
        return next.run(request).await;
    }
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let _peer = match peer.map(|peer| admission.peers.enter(peer)) {
        None => None,
        Some(Some(guest)) => Some(guest),
        Some(None) => {
            let detail =
                "this address sends too many requests at once; wait for some answers first";
            let (status, title) = (StatusCode::TOO_MANY_REQUESTS, "Too many requests");
            return Problem::new(status, "too-many-requests", title, detail).into_response();
        }
    };
    let Some(_room) = admission.room(&admission.with_body, 1).await else {
        return busy().into_response();
    };
    next.run(request).await
}

/// Passes the body on as it comes, and gives up on senders that are too slow.
pub(super) async fn watch(
    State((admission, body_use)): State<(Arc<Admission>, BodyUse)>,
    request: Request,
    next: Next,
) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    // Lives until there is an answer: what was read is in memory until then.
    let held = Arc::new(Held::default());
    let (parts, body) = request.into_parts();
    let incoming = Incoming {
        body: body.into_data_stream(),
        admission,
        body_use,
        held: Arc::clone(&held),
        received: 0,
        waited: Duration::ZERO,
    };
    let pieces = stream::unfold(incoming, |mut incoming| async move {
        let piece = incoming.next().await?;
        Some((piece, incoming))
    });
    let response = next.run(Request::from_parts(parts, Body::from_stream(pieces))).await;
    match (Verdict::of(held.verdict.load(Ordering::Relaxed)), body_use) {
        // Whoever streams has said what is stored, and from where to go on.
        (Verdict::Fine, _) | (Verdict::Slow, BodyUse::Streamed) => response,
        (Verdict::Slow, BodyUse::Whole) => {
            let detail = "the body came too slowly; send it again";
            let (status, title) = (StatusCode::REQUEST_TIMEOUT, "Too slow");
            Problem::new(status, "too-slow", title, detail).into_response()
        }
        (Verdict::NoRoom, _) => busy().into_response(),
    }
}

/// What a body came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Fine = 0,
    Slow = 1,
    NoRoom = 2,
}

impl Verdict {
    const fn of(number: u8) -> Self {
        match number {
            1 => Self::Slow,
            2 => Self::NoRoom,
            _ => Self::Fine,
        }
    }
}

/// What a request holds while it is served.
#[derive(Default)]
struct Held {
    verdict: AtomicU8,
    bytes: Mutex<Option<OwnedSemaphorePermit>>,
}

impl Held {
    /// Counts bytes until the request is answered; `false` if there is no room for them.
    async fn count(&self, admission: &Admission, bytes: usize) -> bool {
        let Ok(permits) = u32::try_from(bytes) else { return false };
        let Some(permit) = admission.room(&admission.body_bytes, permits).await else {
            return false;
        };
        let mut held = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *held {
            Some(held) => held.merge(permit),
            none => *none = Some(permit),
        }
        true
    }
}

/// Why a body ends early.
#[derive(Debug, thiserror::Error)]
enum BodyError {
    #[error("its sender is too slow")]
    Slow,
    #[error("there is no room for it now")]
    NoRoom,
    #[error("{0}")]
    Broken(axum::Error),
}

/// A body on its way in.
struct Incoming {
    body: BodyDataStream,
    admission: Arc<Admission>,
    body_use: BodyUse,
    held: Arc<Held>,
    received: u64,
    /// Time spent waiting for the sender, not for the service.
    waited: Duration,
}

impl Incoming {
    async fn next(&mut self) -> Option<Result<Bytes, BodyError>> {
        // Most bodies come together with their head: no timer for those.
        let piece = match self.body.next().now_or_never() {
            Some(piece) => piece?,
            None => match self.wait().await {
                Ok(piece) => piece?,
                Err(slow) => return Some(Err(self.refuse(Verdict::Slow, slow))),
            },
        };
        let piece = match piece {
            Ok(piece) => piece,
            Err(error) => return Some(Err(BodyError::Broken(error))),
        };
        self.received = self.received.saturating_add(piece.len() as u64);
        if self.body_use == BodyUse::Whole && !self.held.count(&self.admission, piece.len()).await {
            return Some(Err(self.refuse(Verdict::NoRoom, BodyError::NoRoom)));
        }
        Some(Ok(piece))
    }

    async fn wait(&mut self) -> Result<Option<Result<Bytes, axum::Error>>, BodyError> {
        let limits = self.admission.limits;
        let started = Instant::now();
        let piece = tokio::time::timeout(limits.idle_max, self.body.next()).await;
        self.waited += started.elapsed();
        let piece = piece.map_err(|_| BodyError::Slow)?;
        let required = self.waited.as_secs().saturating_mul(limits.bytes_per_second_min);
        if self.waited > limits.grace && self.received < required {
            return Err(BodyError::Slow);
        }
        Ok(piece)
    }

    fn refuse(&self, verdict: Verdict, error: BodyError) -> BodyError {
        self.held.verdict.store(verdict as u8, Ordering::Relaxed);
        error
    }
}

/// Requests under way of each peer.
struct Peers {
    each_max: usize,
    under_way: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

/// A request under way.
struct Guest {
    peer: IpAddr,
    under_way: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

impl Peers {
    fn new(each_max: usize) -> Self {
        Self { each_max, under_way: Arc::default() }
    }

    /// `None` if the peer has as many as it may.
    fn enter(&self, address: IpAddr) -> Option<Guest> {
        let peer = network(address);
        let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        let count = under_way.entry(peer).or_default();
        if *count >= self.each_max {
            return None;
        }
        *count += 1;
        Some(Guest { peer, under_way: Arc::clone(&self.under_way) })
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = under_way.get_mut(&self.peer) {
            *count -= 1;
            if *count == 0 {
                under_way.remove(&self.peer);
            }
        }
    }
}

/// One customer of an IPv6 provider has a network of at least 64 bits.
pub(super) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into()
        }
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_has_its_share_and_gives_it_back() {
        let peers = Peers::new(2);
        let (one, other): (IpAddr, IpAddr) =
            ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        let (first, _second) = (peers.enter(one).unwrap(), peers.enter(one).unwrap());
        assert!(peers.enter(one).is_none());
        assert!(peers.enter(other).is_some(), "another peer is not affected");
        drop(first);
        let again = peers.enter(one);
        assert!(again.is_some() && peers.enter(one).is_none());
    }

    #[test]
    fn peers_that_left_take_no_memory() {
        let peers = Peers::new(0);
        assert!(peers.enter("192.0.2.1".parse().unwrap()).is_none());
        let peers = Peers::new(1);
        drop(peers.enter("192.0.2.1".parse().unwrap()));
        assert!(peers.under_way.lock().unwrap().is_empty());
    }

    #[test]
    fn an_ipv6_network_is_one_peer() {
        let parse = |text: &str| network(text.parse().unwrap());
        assert_eq!(parse("2001:db8:1:2::1"), parse("2001:db8:1:2:ffff::2"));
        assert_ne!(parse("2001:db8:1:2::1"), parse("2001:db8:1:3::1"));
        assert_eq!(parse("::ffff:192.0.2.1"), parse("192.0.2.1"));
        assert_ne!(parse("192.0.2.1"), parse("192.0.2.2"));
    }
}
