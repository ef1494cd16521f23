//! One request and its answer.

use attestry_proof::hash::Hash;
use coset::cbor::Value as Cbor;
use reqwest::{
    Method, StatusCode,
    header::{HeaderMap, HeaderValue},
};
use serde_json::Value;

use super::{Member, Refusal, Server, Token};

const TYPE_PREFIX: &str = "urn:attestry:problem:";

pub struct Call<'a> {
    server: &'a Server,
    method: Method,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    token: Option<String>,
    signer: Option<Member>,
}

impl<'a> Call<'a> {
    pub fn new(server: &'a Server, method: Method, path: impl Into<String>) -> Self {
        let (headers, body, path) = (Vec::new(), Vec::new(), path.into());
        Self { server, method, path, headers, body, token: None, signer: None }
    }

    pub fn header(mut self, name: &'static str, value: impl ToString) -> Self {
        self.headers.push((name, value.to_string()));
        self
    }

    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    pub fn json(self, value: &Value) -> Self {
        self.header("content-type", "application/json").body(value.to_string())
    }

    pub fn cose(self, statement: &[u8]) -> Self {
        self.header("content-type", "application/cose").body(statement)
    }

    /// Signs the request with a token of this member, made when it is sent.
    pub fn by(mut self, member: &Member) -> Self {
        self.signer = Some(member.clone());
        self
    }

    /// Sends exactly this token.
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    pub async fn send(self) -> Answer {
        let url = format!("{}{}", self.server.url, self.path);
        let token = self.token.or_else(|| {
            let member = self.signer.as_ref()?;
            let now = self.server.now();
            Some(Token::at(now, member, self.method.as_str(), &url, &self.body).signed(member))
        });
        let mut request = self.server.http.request(self.method, &url);
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let response = request.body(self.body).send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        Answer { url, status, headers, body: response.bytes().await.unwrap().to_vec() }
    }
}

#[derive(Debug)]
pub struct Answer {
    pub url: String,
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    /// Requires this status.
    #[track_caller]
    pub fn status(self, status: u16) -> Self {
        let text = String::from_utf8_lossy(&self.body);
        assert_eq!(self.status.as_u16(), status, "{}: {text}", self.url);
        self
    }

    #[track_caller]
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name).map(HeaderValue::to_str);
        value.unwrap_or_else(|| panic!("{}: no {name}: {:?}", self.url, self.headers)).unwrap()
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.body)))
    }

    /// Requires problem details (RFC 9457) of this status and kind; answers with them.
    #[track_caller]
    pub fn refused(self, (status, kind, title): Refusal) -> Value {
        let answer = self.status(status);
        assert_eq!(answer.header("content-type"), "application/problem+json", "{}", answer.url);
        let problem = answer.json();
        let found = (problem["type"].as_str(), problem["title"].as_str());
        let required = format!("{TYPE_PREFIX}{kind}");
        assert_eq!(found, (Some(required.as_str()), Some(title)), "{problem}");
        assert_eq!(problem["status"], status, "{problem}");
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.len() > 10), "{problem}");
        problem
    }

    /// Requires concise problem details (RFC 9290); answers with the detail.
    #[track_caller]
    pub fn refused_concisely(self, status: u16, title: &str) -> String {
        let answer = self.status(status);
        let content_type = answer.header("content-type");
        assert_eq!(content_type, "application/concise-problem-details+cbor", "{}", answer.url);
        let problem: Cbor = coset::cbor::de::from_reader(&answer.body[..]).unwrap();
        let pairs = problem.into_map().unwrap();
        let member = |key: i64| {
            let pair = pairs.iter().find(|(found, _)| *found == Cbor::from(key));
            pair.and_then(|(_, value)| value.as_text()).unwrap().to_owned()
        };
        assert_eq!(pairs.len(), 2, "{pairs:?}");
        assert_eq!(member(-1), title, "{}", member(-2));
        assert!(member(-2).len() > 10, "{pairs:?}");
        member(-2)
    }

    /// SHA-256 of the body.
    pub fn digest(&self) -> Hash {
        Hash::of(&self.body)
    }
}
