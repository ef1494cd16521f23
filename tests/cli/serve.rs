//! `attestry serve`: when it starts, when it does not, and how it stops.

use std::fs;

use crate::support::{DONE, SERVICE, Service, USAGE, attestry, text};

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
fn plain_http_stays_on_loopback() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("log");
    for address in ["0.0.0.0:0", "[::]:0"] {
        let run = attestry(&["--json", "serve", "--data", text(&data), "--listen", address]);
        let error = run.exits(USAGE).json()["error"].as_str().unwrap().to_owned();
        assert!(error.contains("--tls-cert") && error.contains("--trusted-proxy"), "{error}");
    }
    assert!(!data.exists(), "no log was made");
    let service = Service::start_with(&data, &["--listen", "0.0.0.0:0", "--trusted-proxy"]);
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
