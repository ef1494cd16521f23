//! Senders who are many, slow or large: they get their share, and everybody else the rest.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use attestry::http::{self, AppState, EntriesAccess, limits::Limits, server::Listener};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::oneshot,
};

use crate::support::{Answer, Refusal, Server};

const BUSY: Refusal = (503, "busy", "Busy");
const WAIT: Duration = Duration::from_millis(100);

/// A server, and a second front of its service that has these limits.
struct Scene {
    server: Server,
    front: String,
    address: SocketAddr,
    _stop: oneshot::Sender<()>,
}

impl Scene {
    async fn new(limits: Limits) -> Self {
        let server = Server::start().await;
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let listener = Listener::bind(address, None, false).await.unwrap();
        let (address, front) = (listener.address(), listener.base_url());
        let state = AppState {
            service: Arc::clone(&server.service),
            entries: EntriesAccess::Members,
            base_url: front.clone().into(),
            metrics: http::metrics::install().unwrap(),
            oidc: None,
            notices: Arc::default(),
        };
        let (_stop, stopped) = oneshot::channel();
        let router = http::router_with(state, limits);
        tokio::spawn(listener.serve(router, async { drop(stopped.await) }));
        Self { server, front, address, _stop }
    }

    /// Sends the head of a request and the first bytes of its body.
    async fn begin(&self, announced: usize, sent: usize) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let head = format!(
            "POST /api/v1/statements HTTP/1.1\r\nhost: x\r\ncontent-type: application/cose\r\n\
             content-length: {announced}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&vec![b'x'; sent]).await.unwrap();
        stream
    }

    async fn post(&self, body: Vec<u8>) -> Answer {
        self.send(self.server.http.post(format!("{}/api/v1/statements", self.front)).body(body))
            .await
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(self.server.http.get(format!("{}{path}", self.front))).await
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        let response = request.header("content-type", "application/cose").send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let url = response.url().to_string();
        Answer { url, status, headers, body: response.bytes().await.unwrap().to_vec() }
    }

    async fn readable(&self) {
        for path in ["/health", "/checkpoint", "/api/v1/log", "/tile/0/000.p/2"] {
            self.get(path).await.status(200);
        }
    }
}

/// What a raw connection is answered, to the end of the answer's head.
async fn answer(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    while !bytes.windows(4).any(|end| end == b"\r\n\r\n") {
        let mut some = [0; 1024];
        let read = tokio::time::timeout(Duration::from_secs(30), stream.read(&mut some));
        let count = read.await.expect("an answer in time").unwrap();
        assert_ne!(count, 0, "closed after {:?}", String::from_utf8_lossy(&bytes));
        bytes.extend_from_slice(&some[..count]);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Until all that was sent has been read.
async fn settle() {
    tokio::time::sleep(Duration::from_millis(200)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_senders_do_not_keep_readers_out() {
    let limits = Limits { with_body_max: 3, wait_max: WAIT, ..Limits::default() };
    let scene = Scene::new(limits).await;
    let mut slow = Vec::new();
    for _ in 0..3 {
        slow.push(scene.begin(1000, 10).await);
    }
    settle().await;
    let refused = scene.post(vec![b'x'; 10]).await;
    assert_eq!(refused.header("retry-after"), "1");
    refused.refused(BUSY);
    // SCRAPI's routes answer in their own format.
    let post = scene.server.http.post(format!("{}/entries", scene.front)).body("x");
    scene.send(post).await.refused_concisely(503, BUSY.2);
    scene.readable().await;
    slow.pop();
    settle().await;
    scene.post(vec![b'x'; 10]).await.status(400);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_without_room_are_told_soon() {
    let limits = Limits { without_body_max: 0, wait_max: WAIT, ..Limits::default() };
    let scene = Scene::new(limits).await;
    scene.get("/health").await.refused(BUSY);
    scene.post(vec![b'x'; 10]).await.status(400);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_share_a_bounded_memory() {
    const ROOM: usize = 1 << 20;
    let limits = Limits { body_bytes_max: ROOM, wait_max: WAIT, ..Limits::default() };
    let scene = Scene::new(limits).await;
    // Announcing much costs nobody anything.
    let _announcing = scene.begin(16 << 20, 10).await;
    settle().await;
    scene.post(vec![b'x'; 1000]).await.status(400);
    // Having sent much does, until it is answered.
    let sending = scene.begin(ROOM, ROOM - 1000).await;
    settle().await;
    scene.post(vec![b'x'; 10_000]).await.refused(BUSY);
    scene.post(vec![b'x'; 100]).await.status(400);
    scene.readable().await;
    drop(sending);
    settle().await;
    scene.post(vec![b'x'; 10_000]).await.status(400);
    // What never has room is refused as well.
    scene.post(vec![b'x'; ROOM + 1]).await.refused(BUSY);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sender_who_pauses_is_given_up() {
    let limits = Limits { idle_max: Duration::from_millis(300), ..Limits::default() };
    let scene = Scene::new(limits).await;
    let mut slow = scene.begin(1000, 10).await;
    let text = answer(&mut slow).await;
    assert!(text.starts_with("HTTP/1.1 408 "), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sender_who_drips_is_given_up() {
    let limits = Limits {
        grace: Duration::from_millis(1500),
        bytes_per_second_min: 1000,
        ..Limits::default()
    };
    let scene = Scene::new(limits).await;
    let slow = scene.begin(1_000_000, 10).await;
    let (mut reading, mut writing) = slow.into_split();
    let dripping = tokio::spawn(async move {
        while writing.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    let mut status = [0; 13];
    let read = tokio::time::timeout(Duration::from_secs(20), reading.read_exact(&mut status));
    read.await.expect("an answer in time").unwrap();
    assert_eq!(&status, b"HTTP/1.1 408 ");
    dripping.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_in_a_pack_are_not_waited_for_either() {
    let limits = Limits { idle_max: Duration::from_millis(300), ..Limits::default() };
    let scene = Scene::new(limits).await;
    let member = scene.server.contractor().await;
    let path = format!("/api/v1/submissions/{}/files", crate::support::new_id());
    let url = format!("{}{path}", scene.front);
    let token = crate::support::Token::new(&member, "POST", &url, b"body").signed(&member);
    let mut stream = TcpStream::connect(scene.address).await.unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/cbor-seq\r\n\
         authorization: Bearer {token}\r\ncontent-length: 1000\r\n\r\nxxx"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let text = answer(&mut stream).await;
    assert!(text.starts_with("HTTP/1.1 408 "), "{text}");
}
