//! Keep-alive HTTP/1.1 connections that each send the next statement as soon as the last is
//! answered.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::{Bytes, BytesMut};
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, task::JoinSet};

use super::{latency::Latencies, receipts::Receipts, statements::Prepared};
use crate::{cli::output::Failure, http::routes::statements::BulkResult};

/// How statements are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One in each request to `/entries`, answered with its receipt.
    Single,
    /// So many in each request to `/api/v1/statements`, answered with as many results.
    Bulk(usize),
}

impl Shape {
    const fn statements(self) -> usize {
        match self {
            Self::Single => 1,
            Self::Bulk(statements) => statements,
        }
    }
}

/// What is sent where, and how its receipts are checked.
pub struct Load {
    /// The service.
    pub address: SocketAddr,
    /// What is sent.
    pub statements: Arc<Vec<Prepared>>,
    /// Connections.
    pub connections: usize,
    /// How.
    pub shape: Shape,
    /// What checks the receipts.
    pub receipts: Arc<Receipts>,
}

/// What it took.
pub struct Taken {
    /// From the first request to the last verified receipt.
    pub elapsed: Duration,
    /// One per request: until the whole answer was there.
    pub latencies: Latencies,
}

impl Load {
    /// Sends everything. Ends when every receipt is verified.
    ///
    /// # Errors
    /// The first refusal, broken connection or receipt that does not verify.
    pub async fn run(self) -> Result<Taken, Failure> {
        let load = Arc::new(self);
        let next = Arc::new(AtomicUsize::new(0));
        let mut connections = Vec::with_capacity(load.connections);
        for _ in 0..load.connections {
            connections.push(connect(load.address).await?);
        }
        let started = Instant::now();
        let mut workers = JoinSet::new();
        for sender in connections {
            workers.spawn(Arc::clone(&load).work(sender, Arc::clone(&next)));
        }
        let mut latencies = Latencies::default();
        while let Some(worked) = workers.join_next().await {
            latencies.merge(worked.map_err(Failure::service)??);
        }
        Ok(Taken { elapsed: started.elapsed(), latencies })
    }

    async fn work(
        self: Arc<Self>,
        mut sender: SendRequest<Full<Bytes>>,
        next: Arc<AtomicUsize>,
    ) -> Result<Latencies, Failure> {
        let step = self.shape.statements();
        let requests = self.statements.len() / step / self.connections;
        let mut latencies = Latencies::with_capacity(2 * requests);
        loop {
            let from = next.fetch_add(step, Ordering::Relaxed);
            let to = (from + step).min(self.statements.len());
            let Some(sent) = self.statements.get(from..to).filter(|sent| !sent.is_empty()) else {
                return Ok(latencies);
            };
            let request = self.request(sent)?;
            let started = Instant::now();
            let body = exchange(&mut sender, request).await?;
            latencies.add(started.elapsed());
            self.check(sent, &body)?;
        }
    }

    fn request(&self, sent: &[Prepared]) -> Result<Request<Full<Bytes>>, Failure> {
        let (path, content_type, body) = match (self.shape, sent) {
            (Shape::Single, [only]) => ("/entries", "application/cose", only.bytes.clone()),
            _ => {
                let mut body =
                    BytesMut::with_capacity(sent.iter().map(|one| one.bytes.len()).sum());
                sent.iter().for_each(|one| body.extend_from_slice(&one.bytes));
                ("/api/v1/statements", "application/cose-seq", body.freeze())
            }
        };
        Request::post(path)
            .header(header::HOST, self.address.to_string())
            .header(header::CONTENT_TYPE, content_type)
            .body(Full::new(body))
            .map_err(Failure::service)
    }

    fn check(&self, sent: &[Prepared], body: &[u8]) -> Result<(), Failure> {
        if let (Shape::Single, [only]) = (self.shape, sent) {
            return self.receipts.check(body, &only.leaf);
        }
        let results: Vec<BulkResult> = serde_json::from_slice(body).map_err(Failure::service)?;
        if results.len() != sent.len() {
            let (found, required) = (results.len(), sent.len());
            return Err(Failure::refused(format!(
                "{found} results came for {required} statements"
            )));
        }
        for (result, prepared) in results.into_iter().zip(sent) {
            match result {
                BulkResult::Registered(registered) => {
                    let receipt = STANDARD.decode(registered.receipt).map_err(Failure::refused)?;
                    self.receipts.check(&receipt, &prepared.leaf)?;
                }
                BulkResult::Refused(problem) => {
                    return Err(Failure::refused(format!("a statement was refused: {problem}")));
                }
            }
        }
        Ok(())
    }
}

/// What the service answers to a GET.
///
/// # Errors
/// It does not answer, or not with success.
pub async fn get(address: SocketAddr, path: &str) -> Result<Bytes, Failure> {
    let request = Request::get(path).header(header::HOST, address.to_string());
    let request = request.body(Full::default()).map_err(Failure::service)?;
    exchange(&mut connect(address).await?, request).await
}

async fn connect(address: SocketAddr) -> Result<SendRequest<Full<Bytes>>, Failure> {
    let failed = |error: &dyn std::fmt::Display| {
        Failure::service(format!("cannot connect to {address}: {error}"))
    };
    let stream = TcpStream::connect(address).await.map_err(|error| failed(&error))?;
    stream.set_nodelay(true).map_err(|error| failed(&error))?;
    let shaken = http1::handshake(TokioIo::new(stream)).await;
    let (sender, connection) = shaken.map_err(|error| failed(&error))?;
    // Its failure is the failure of the request that is under way.
    tokio::spawn(connection);
    Ok(sender)
}

async fn exchange(
    sender: &mut SendRequest<Full<Bytes>>,
    request: Request<Full<Bytes>>,
) -> Result<Bytes, Failure> {
    let broken = |error: hyper::Error| Failure::service(format!("the connection broke: {error}"));
    sender.ready().await.map_err(broken)?;
    let response = sender.send_request(request).await.map_err(broken)?;
    let status = response.status();
    let body = response.into_body().collect().await.map_err(broken)?.to_bytes();
    if status == StatusCode::CREATED || status == StatusCode::OK {
        return Ok(body);
    }
    Err(Failure::refused(format!(
        "the service answered {status}: {}",
        String::from_utf8_lossy(&body)
    )))
}
