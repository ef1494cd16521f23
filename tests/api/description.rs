//! The API's own description, judged by an independent validator, and the page to browse it.

use std::{path::Path, process::Command};

use crate::support::Server;

#[tokio::test]
async fn the_description_is_openapi_3_1() {
    let server = Server::start().await;
    let answer = server.get("/openapi.json").send().await.status(200);
    let document = answer.json();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1."), "{}", document["openapi"]);
    for path in [
        "/entries",
        "/entries/{id}",
        "/.well-known/scitt-keys",
        "/api/v1/log",
        "/api/v1/statements",
        "/api/v1/submissions/{id}/custody",
        "/api/v1/keys/{thumbprint}/revocation",
        "/health",
    ] {
        assert!(document["paths"][path].is_object(), "{path}");
    }
    every_operation_says_what_it_answers(&document["paths"]);
    let scheme = &document["components"]["securitySchemes"]["request-token"];
    assert_eq!((&scheme["scheme"], &scheme["bearerFormat"]), (&"bearer".into(), &"JWT".into()));
    let file = server.directory.path().join("openapi.json");
    std::fs::write(&file, &answer.body).unwrap();
    validate(&file);
}

fn every_operation_says_what_it_answers(paths: &serde_json::Value) {
    for (path, operations) in paths.as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let responses = operation["responses"].as_object().unwrap();
            assert!(!responses.is_empty(), "{method} {path}");
            for (status, response) in responses {
                let said = response["description"].as_str().is_some_and(|text| text.len() > 3);
                assert!(said, "{method} {path} {status}: {response}");
            }
            let signed = responses.contains_key("401") || operation.get("security").is_none();
            assert!(signed, "{method} {path} asks for a token and does not say 401");
        }
    }
}

fn validate(file: &Path) {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/.tools/venv/bin/python");
    let validator = Command::new(&python).args(["-m", "openapi_spec_validator"]).arg(file).output();
    let output = validator.unwrap_or_else(|error| {
        panic!("{}: {error}; run tests/run once, it makes the environment", python.display())
    });
    let text = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&text));
}

#[tokio::test]
async fn the_page_loads_nothing_from_elsewhere() {
    let server = Server::start().await;
    let page = server.get("/docs/").send().await.status(200);
    let html = String::from_utf8(page.body).unwrap();
    assert!(html.contains("swagger-ui"), "{html}");
    let mut loaded = 0;
    for attribute in ["src=\"", "href=\""] {
        for (at, _) in html.match_indices(attribute) {
            let value = html[at + attribute.len()..].split('"').next().unwrap();
            let local = value.starts_with("./") || value.starts_with("data:");
            assert!(local || !value.contains(':') && !value.starts_with("//"), "{value}");
            if !value.starts_with("data:") {
                let path = format!("/docs/{}", value.trim_start_matches("./"));
                server.get(path).send().await.status(200);
                loaded += 1;
            }
        }
    }
    assert!(loaded >= 3, "{loaded} parts in {html}");
    let start = server.get("/docs/swagger-initializer.js").send().await.status(200);
    let start = String::from_utf8(start.body).unwrap();
    assert!(start.contains("/openapi.json"), "{start}");
    // Without this the page sends the description to an online validator.
    assert!(start.contains(r#""validatorUrl": "none""#), "{start}");
    assert!(!start.contains("http"), "{start}");
}
