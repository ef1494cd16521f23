//! Signing in through an identity provider: a real one in a process of its own, and one that lies.

mod driver;
mod hostile;
mod issuer;
mod outcomes;
mod provider;
mod real;

use std::path::Path;

use attestry::http::oidc::settings::OidcSettings;

use crate::support::Refusal;

const REFUSED: Refusal = (403, "sign-in-refused", "Sign-in not acceptable");
const UNAVAILABLE: Refusal = (503, "provider-unavailable", "Identity provider unavailable");
const NOT_FOUND: Refusal = (404, "not-found", "Not found");

const GRANTS: &str = r#"
    [[grant]]
    group = "legal-team"
    roles = ["legal"]
    program = "main"
    [[grant]]
    group = "reviewers"
    roles = ["reviewer"]
    program = "main"
    [[grant]]
    group = "pilot-reviewers"
    roles = ["reviewer"]
    program = "pilot"
    [[grant]]
    group = "wrong-program"
    roles = ["reviewer"]
    program = "nowhere"
"#;

/// Settings as an operator writes them.
fn settings(issuer: &str, client_id: &str, secret: Option<&str>) -> OidcSettings {
    let folder = tempfile::tempdir().unwrap();
    let secret = secret.map(|secret| {
        std::fs::write(folder.path().join("secret"), secret).unwrap();
        "client_secret_file = \"secret\""
    });
    let text = format!(
        "issuer = \"{issuer}\"\nclient_id = \"{client_id}\"\n{}\n\
         scopes = [\"openid\", \"email\", \"profile\", \"groups\"]\n{GRANTS}",
        secret.unwrap_or_default(),
    );
    let path: &Path = &folder.path().join("oidc.toml");
    std::fs::write(path, text).unwrap();
    OidcSettings::read(path).unwrap()
}
