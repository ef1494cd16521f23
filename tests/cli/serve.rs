//! `attestry serve`: when it starts, when it does not, and how it stops.

use std::{
    fs,
    io::{BufRead as _, BufReader},
};

use crate::support::{DONE, SERVICE, Service, USAGE, attestry, program, text};

#[test]
fn a_new_log_is_announced_once_and_keeps_its_name() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("log");
    let service = Service::start_with(&data, &["--origin", "log.test/one"]);
    let first = service.announced().clone();
    assert_eq!((&first["origin"], &first["entries"]), (&"log.test/one".into(), &2.into()));
    assert!(first["admin_link"].as_str().unwrap().contains("/enroll#"));
    // One object, and nothing after it.
    assert_eq!(service.stop(), (DONE, String::new()));

    let other = attestry(&[
        "--json",
        "serve",
        "--data",
        text(&data),
        "--listen",
        "127.0.0.1:0",
        "--origin",
        "log.test/two",
    ]);
    let other = other.exits(USAGE).json();
    assert!(other["error"].as_str().unwrap().contains("log.test/one"), "{other}");
    let service = Service::start(&data);
    let second = service.announced();
    assert_eq!((&second["origin"], &second["log_key"]), (&first["origin"], &first["log_key"]));
    assert_ne!(second["admin_link"], first["admin_link"], "the old one is not known any more");
}

#[test]
fn people_read_where_it_serves_and_how_to_begin() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("log");
    let mut child =
        program(&["serve", "--data", text(&data), "--listen", "127.0.0.1:0"]).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let lines: Vec<String> =
        lines.map(Result::unwrap).take_while(|line| !line.contains("attestry enroll")).collect();
    child.kill().unwrap();
    child.wait().unwrap();
    let said = lines.join("\n");
    for words in
        ["attestry serves attestry.localhost/log at http://127.0.0.1:", "fingerprint", "/docs"]
    {
        assert!(said.contains(words), "{words} is not in\n{said}");
    }
    assert!(lines.last().unwrap().contains("/enroll#"), "{said}");
}

#[test]
fn plain_http_stays_on_loopback() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("log");
    for address in ["0.0.0.0:0", "[::]:0"] {
        let run = attestry(&["--json", "serve", "--data", text(&data), "--listen", address]);
        let error = run.exits(USAGE).json()["error"].as_str().unwrap().to_owned();
        assert!(error.contains("--tls-cert") && error.contains("--trusted-proxy"), "{error}");
    }
    let proxied = ["--listen", "0.0.0.0:0", "--trusted-proxy"];
    // Nobody calls that address, and requests are signed for the one that callers use.
    let nameless = attestry(&[&["serve", "--data", text(&data)][..], &proxied].concat());
    nameless.exits(USAGE).says("--public-url");
    assert!(!data.exists(), "no log was made");
    let named = ["--public-url", "https://log.test/"];
    let service = Service::start_with(&data, &[&proxied[..], &named].concat());
    assert_eq!(service.url(), "https://log.test");
    assert!(
        service.announced()["admin_link"].as_str().unwrap().starts_with("https://log.test/enroll#")
    );
    assert_eq!(service.stop().0, DONE);
}

#[test]
fn two_processes_do_not_share_a_directory() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("log");
    let service = Service::start(&data);
    let second = ["serve", "--data", text(&data), "--listen", "127.0.0.1:0"];
    attestry(&second).exits(SERVICE).says("another process");
    let fsck = attestry(&["--json", "fsck", "--data", text(&data)]).exits(USAGE).json();
    assert!(fsck["error"].is_string(), "{fsck}");
    assert_eq!(service.stop().0, DONE);
    let fsck = attestry(&["--json", "fsck", "--data", text(&data)]).exits(DONE);
    fsck.json();
}

#[test]
fn settings_that_do_not_fit_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("log");
    let serve = |more: &[&str]| {
        let start = ["serve", "--data", text(&data), "--listen", "127.0.0.1:0"];
        attestry(&[&start, more].concat())
    };
    serve(&["--tls-cert", "cert.pem"]).exits(USAGE).says("--tls-key");
    serve(&["--entries", "nobody"]).exits(USAGE).says("members");
    serve(&["--origin", "a log"]).exits(USAGE).says("origin");
    let file = directory.path().join("file");
    fs::write(&file, "x").unwrap();
    attestry(&["serve", "--data", text(&file), "--listen", "127.0.0.1:0"]).exits(USAGE);
    serve(&["--policies", text(&file)]).exits(USAGE).says("policies");
    let missing = directory.path().join("cert.pem");
    let tls = ["--tls-cert", text(&missing), "--tls-key", text(&missing)];
    serve(&tls).exits(USAGE).says("cert.pem");
    // None of it stands in the way of a start that is right.
    assert_eq!(Service::start(&data).stop().0, DONE);
}
