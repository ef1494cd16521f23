//! A browser without windows: follows redirects one by one and keeps cookies.

use std::collections::BTreeMap;

use reqwest::{Url, header};

use crate::support::Answer;

const REDIRECTS_MAX: usize = 12;

pub struct Driver {
    http: reqwest::Client,
    /// Value by site and name. Ports are told apart, as hosts would be.
    jar: BTreeMap<(String, String), String>,
    pub accept: &'static str,
}

impl Driver {
    pub fn new() -> Self {
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
        Self { http: http.build().unwrap(), jar: BTreeMap::new(), accept: "application/json" }
    }

    pub fn cookie(&self, url: &str, name: &str) -> Option<&str> {
        self.jar.get(&(site(url), name.to_owned())).map(String::as_str)
    }

    pub fn set_cookie(&mut self, url: &str, name: &str, value: &str) {
        self.jar.insert((site(url), name.to_owned()), value.to_owned());
    }

    /// One request; a redirect is an answer.
    pub async fn get(&mut self, url: &str) -> Answer {
        let here = site(url);
        let cookies: Vec<String> = self
            .jar
            .iter()
            .filter(|((site, _), _)| *site == here)
            .map(|((_, name), value)| format!("{name}={value}"))
            .collect();
        let mut request = self.http.get(url).header(header::ACCEPT, self.accept);
        if !cookies.is_empty() {
            request = request.header(header::COOKIE, cookies.join("; "));
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        for cookie in headers.get_all(header::SET_COOKIE) {
            self.keep(&here, cookie.to_str().unwrap());
        }
        Answer { url: url.into(), status, headers, body: response.bytes().await.unwrap().to_vec() }
    }

    fn keep(&mut self, site: &str, cookie: &str) {
        let (pair, attributes) = cookie.split_once(';').unwrap_or((cookie, ""));
        let (name, value) = pair.split_once('=').unwrap();
        let key = (site.to_owned(), name.to_owned());
        let ends = attributes.contains("Max-Age=0") || attributes.contains("01 Jan 1970");
        match ends {
            true => drop(self.jar.remove(&key)),
            false => drop(self.jar.insert(key, value.to_owned())),
        }
    }

    /// Begins a sign-in; answers with where the provider is.
    pub async fn begin(&mut self, login: &str) -> Url {
        let answer = self.get(login).await.status(303);
        Url::parse(answer.header("location")).unwrap()
    }

    /// Signs in at the provider as `account`; answers with where it sends the browser back to.
    pub async fn at_provider(&mut self, start: Url, account: &str) -> Url {
        let mut url = start;
        for _ in 0..REDIRECTS_MAX {
            if url.path().starts_with("/interaction/") {
                url.query_pairs_mut().append_pair("account", account);
            }
            let answer = self.get(url.as_str()).await;
            assert!(answer.status.is_redirection(), "{answer:?}");
            url = url.join(answer.header("location")).unwrap();
            if url.path() == "/api/v1/oidc/callback" {
                return url;
            }
        }
        panic!("the provider does not send the browser back: {url}");
    }

    /// The whole way: to the provider and back.
    pub async fn sign_in(&mut self, login: &str, account: &str) -> Answer {
        let start = self.begin(login).await;
        let back = self.at_provider(start, account).await;
        self.get(back.as_str()).await
    }
}

fn site(url: &str) -> String {
    let url = Url::parse(url).unwrap();
    format!("{}:{}", url.host_str().unwrap(), url.port_or_known_default().unwrap())
}

/// A parameter of an address.
pub fn parameter(url: &Url, name: &str) -> String {
    let mut pairs = url.query_pairs();
    let found = pairs.find(|(found, _)| found == name);
    found.unwrap_or_else(|| panic!("{url} has no {name}")).1.into_owned()
}
