//! Somebody between the program and the service who changes answers.

use std::{
    collections::HashMap,
    net::TcpListener,
    sync::{Arc, Mutex},
    thread,
};

use attestry_proof::cose::{Attachments, SignedStatement};
use axum::{
    Router,
    body::{Body, to_bytes},
    extract::Request,
    response::Response,
};

const BODY_BYTES_MAX: usize = 1 << 30;

/// What to answer.
#[derive(Clone)]
pub enum Answer {
    /// What the service answers.
    Honest,
    /// Always this.
    Fixed(Vec<u8>),
    /// The service's statement without what proves it.
    Unproven,
}

type Answers = Arc<Mutex<HashMap<&'static str, Answer>>>;

pub struct Proxy {
    url: String,
    /// Address of the service behind it.
    to: String,
    answers: Answers,
}

impl Proxy {
    /// Starts it; the service has to listen behind it.
    pub fn lay() -> Self {
        let near = TcpListener::bind("127.0.0.1:0").unwrap();
        let far = TcpListener::bind("127.0.0.1:0").unwrap();
        let (url, to) =
            (format!("http://{}", near.local_addr().unwrap()), far.local_addr().unwrap());
        drop(far);
        near.set_nonblocking(true).unwrap();
        let answers = Answers::default();
        let (shared, behind) = (Arc::clone(&answers), format!("http://{to}"));
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async move {
                let near = tokio::net::TcpListener::from_std(near).unwrap();
                let client = reqwest::Client::new();
                let pass =
                    move |request| pass(client.clone(), behind.clone(), shared.clone(), request);
                axum::serve(near, Router::new().fallback(pass)).await.unwrap();
            });
        });
        Self { url, to: to.to_string(), answers }
    }

    /// What the service must be started with.
    pub fn settings(&self) -> [&str; 4] {
        ["--listen", &self.to, "--public-url", &self.url]
    }

    /// From now on, answers so to every path that ends like this.
    pub fn replace(&self, path: &'static str, answer: Answer) {
        self.answers.lock().unwrap().insert(path, answer);
    }
}

async fn pass(client: reqwest::Client, to: String, answers: Answers, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let answers = answers.lock().unwrap().clone();
    let ends = |end: &&str| parts.uri.path().ends_with(*end);
    let answer = answers.iter().find(|(end, _)| ends(end)).map_or(&Answer::Honest, |(_, a)| a);
    let body = to_bytes(body, BODY_BYTES_MAX).await.unwrap();
    let sent = client
        .request(parts.method, format!("{to}{}", parts.uri))
        .headers(parts.headers)
        .body(body)
        .send();
    let received = sent.await.unwrap();
    let mut response = Response::builder().status(received.status());
    for (name, value) in received.headers() {
        if name != "content-length" && name != "transfer-encoding" {
            response = response.header(name, value);
        }
    }
    let honest = received.bytes().await.unwrap();
    let bytes = match answer {
        Answer::Honest => honest.to_vec(),
        Answer::Fixed(bytes) => bytes.clone(),
        Answer::Unproven => {
            let (statement, _) = SignedStatement::parse(&honest).unwrap();
            Attachments::default().encode(&statement).unwrap()
        }
    };
    response.body(Body::from(bytes)).unwrap()
}
