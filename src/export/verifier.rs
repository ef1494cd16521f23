//! `verify.html`: one file that checks packs in a browser, opened from disk, without a network.
//!
//! Kept in parts that a reader can follow and put together here: one classic script, since browsers
//! load no modules from disk, and one style sheet. The policy in its head lets these two run, by
//! their digests, and nothing be fetched.

use std::sync::LazyLock;

use attestry_proof::hash::Hash;
use base64::{Engine as _, engine::general_purpose::STANDARD};

const PAGE: &str = include_str!("verifier/page.html");
const STYLE: &str = include_str!("verifier/style.css");
/// In the order in which they use each other.
const SCRIPT: [&str; 15] = [
    include_str!("verifier/bytes.js"),
    include_str!("verifier/zip.js"),
    include_str!("verifier/tree.js"),
    include_str!("verifier/cbor.js"),
    include_str!("verifier/key.js"),
    include_str!("verifier/note.js"),
    include_str!("verifier/statement.js"),
    include_str!("verifier/payload.js"),
    include_str!("verifier/people.js"),
    include_str!("verifier/manifest.js"),
    include_str!("verifier/custody.js"),
    include_str!("verifier/loadfile.js"),
    include_str!("verifier/pack.js"),
    include_str!("verifier/draw.js"),
    include_str!("verifier/page.js"),
];

static VERIFIER: LazyLock<Verifier> = LazyLock::new(Verifier::assemble);

struct Verifier {
    page: String,
    policy: String,
}

/// The page.
#[must_use]
pub fn page() -> &'static str {
    &VERIFIER.page
}

/// What the page may do, in the words of a `Content-Security-Policy`.
#[must_use]
pub fn content_policy() -> &'static str {
    &VERIFIER.policy
}

impl Verifier {
    fn assemble() -> Self {
        let script = format!("\n\"use strict\";\n(() => {{\n{}}})();\n", SCRIPT.join("\n"));
        let source =
            |text: &str| format!("'sha256-{}'", STANDARD.encode(Hash::of(text.as_bytes()).0));
        let policy = format!(
            "default-src 'none'; script-src {}; style-src {}; img-src data:; base-uri 'none'; \
             form-action 'none'",
            source(&script),
            source(STYLE)
        );
        let page = PAGE
            .replace("{{policy}}", &policy)
            .replace("{{style}}", STYLE)
            .replace("{{script}}", &script);
        Self { page, policy }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_one_page_that_refers_to_nothing_else() {
        let page = page();
        assert_eq!((page.matches("<script").count(), page.matches("</script").count()), (1, 1));
        assert_eq!((page.matches("<style").count(), page.matches("</style").count()), (1, 1));
        assert!(!page.contains("{{") && !page.contains("<!--"));
        // The name of SVG is an address that nobody asks for.
        let elsewhere: Vec<&str> =
            page.lines().filter(|line| line.contains("http:") || line.contains("https:")).collect();
        assert_eq!(elsewhere, ["const SVG = \"http://www.w3.org/2000/svg\";"]);
        // What writes base64url is a function, and no address.
        let page = page.replace("ase64url(", "");
        for way in ["src=", "@import", "url(", "import(", "fetch(", "XMLHttpRequest", "WebSocket"] {
            assert!(!page.contains(way), "{way}");
        }
    }

    #[test]
    fn what_a_pack_says_is_never_markup() {
        for way in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("] {
            assert!(!page().contains(way), "{way}");
        }
    }
}
