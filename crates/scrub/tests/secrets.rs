//! Secrets in lines of code and configuration: found in every syntax, and not where there are none.

#![forbid(unsafe_code)]

mod support;

use std::path::Path;

use attestry_scrub::{Category, Finding, Scanner, Severity};
use serde_json::Value;
use support::{rules_of, scanner};

/// Stands for nothing inside a secret of the evaluation set.
const MARK: &str = "¦";

fn lines(name: &str) -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("evaluation/secrets");
    let text = std::fs::read_to_string(folder.join(name)).expect("the evaluation set");
    text.lines().map(|line| serde_json::from_str(line).expect("a line")).collect()
}

fn secrets(scanner: &Scanner, text: &str) -> Vec<Finding> {
    let report = scanner.scan("line.txt", text.replace(MARK, "").as_bytes());
    report.findings.into_iter().filter(|found| found.category == Category::Secret).collect()
}

/// The rule that speaks for the only secret of a text.
fn rule(text: &str) -> String {
    let found = secrets(&scanner(), text);
    assert_eq!(found.len(), 1, "{text}: {found:?}");
    found[0].rule.clone()
}

#[test]
fn the_tuned_part_of_the_evaluation_set_is_found() {
    let scanner = scanner();
    let lines = lines("tuned.jsonl");
    let is_found = |line: &&Value| {
        let (start, end) = (line["start"].as_u64().unwrap(), line["end"].as_u64().unwrap());
        let overlaps = |found: &Finding| {
            found.location.bytes.is_some_and(|at| at.start < end && start < at.end)
        };
        secrets(&scanner, line["text"].as_str().unwrap()).iter().any(overlaps)
    };
    let found = lines.iter().filter(is_found).count();
    assert!(found * 100 >= lines.len() * 97, "{found} of {}", lines.len());
}

#[test]
fn lines_without_a_secret_are_passed() {
    let scanner = scanner();
    for line in lines("clean.jsonl") {
        let text = line["text"].as_str().unwrap();
        let found = secrets(&scanner, text);
        assert!(found.iter().all(|found| found.severity == Severity::Low), "{text}: {found:?}");
    }
}

#[test]
fn the_name_of_a_service_makes_a_value_its_credential() {
    let key = "0f3c9d2e7b6a48150f3c9d2e7b6a4816";
    assert_eq!(rule(&format!("datadog = \"{key}\"")), "secret.datadog-named");
    assert_eq!(rule(&format!("some_service_token = \"{key}\"")), "secret.assigned-token");
    assert!(secrets(&scanner(), &format!("datadog_trace = \"{key}\"")).is_empty());
}

#[test]
fn what_is_encoded_is_decoded_once() {
    // api_key = "q7Lw2Zt9Vb4Nx3"
    let inner = "YXBpX2tleSA9ICJxN0x3Mlp0OVZiNE54MyI=";
    let found = secrets(&scanner(), &format!("blob: {inner}\n"));
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].location.bytes.expect("bytes").start, 6);
    // The same encoded twice is left alone.
    let twice = "WVhCcFgydGxlU0E5SUNKeE4weDNNbHAwT1ZaaU5FNTRNeUk9";
    assert!(secrets(&scanner(), &format!("blob: {twice}\n")).is_empty());
}

#[test]
fn keys_commands_and_phrases_are_found() {
    assert_eq!(rule("mysql -u root -pz81qLm2v shop"), "secret.command-password");
    assert_eq!(rule("curl -u bob:z81qLm2v https://host.test"), "secret.curl-user");
    assert_eq!(rule("-----BEGIN ENCRYPTED PRIVATE KEY-----"), "secret.private-key");
    assert_eq!(rule("ALTER USER a IDENTIFIED BY 'z81qLm2v'"), "secret.assigned-password");
    let words = "zebra arch lamp river stone cloud fence paper grape mouse violin torch";
    assert_eq!(rule(&format!("mnemonic: {words}")), "secret.seed-phrase");
    assert!(secrets(&scanner(), &format!("{words} and so on")).is_empty());
}

#[test]
fn what_nobody_sees_inside_a_value_hides_it_from_nobody() {
    for between in ["\u{ad}", "\u{200b}", "\u{2060}", "\u{feff}\u{200d}"] {
        let text = format!(
            "AWS_ACCESS_KEY_ID=AKIAQ3EGR{between}LMZ7TPDW2XN\ncard 4111 1111{between} 1111 1111\n"
        );
        let report = scanner().scan("a.txt", text.as_bytes());
        assert!(rules_of(&report).iter().any(|rule| rule.starts_with("secret.aws")), "{report:#?}");
        assert!(rules_of(&report).contains(&"personal.card"), "{between:?}");
    }
}
