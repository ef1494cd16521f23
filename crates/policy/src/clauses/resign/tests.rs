//! Decisions about signing again: what is read, and where each fault is.

use super::*;
use crate::clauses::{CATALOGUE_PATH, CatalogueError};

const CATALOGUE: &str = r#"
text = [
  { set = "effort", version = "1", locale = "en", file = "1.md", clauses = ["time"] },
  { set = "effort", version = "2", locale = "en", file = "2.md", clauses = ["time", "job"] },
  { set = "effort", version = "2", locale = "de", file = "2.de.md", clauses = ["time", "job"] },
]
"#;

const DECISION: &str = r#"
[[require]]
set = "effort"
version = "2"
clauses = ["time", "job"]
from = "1"
reason = "hours now count breaks"
decided = "2026-03-01"
applies_to = "cleared"
"#;

fn text(version: &str, locale: &str, clauses: &[&str]) -> String {
    let headings: String = clauses
        .iter()
        .enumerate()
        .map(|(index, clause)| format!("## {}. Clause {{#{clause}}}\n", index + 1))
        .collect();
    format!(
        "---\nset: effort\nversion: \"{version}\"\nlocale: {locale}\neffective: 2026-01-01\n---\n\
         {headings}"
    )
}

fn load(decisions: &[u8]) -> Result<ClauseCatalogue, CatalogueError> {
    let (first, second, german) = (
        text("1", "en", &["time"]),
        text("2", "en", &["time", "job"]),
        text("2", "de", &["time", "job"]),
    );
    ClauseCatalogue::parse(&[
        (CATALOGUE_PATH, CATALOGUE.as_bytes()),
        ("1.md", first.as_bytes()),
        ("2.md", second.as_bytes()),
        ("2.de.md", german.as_bytes()),
        (RESIGN_PATH, decisions),
    ])
}

fn refused(decisions: &str) -> ResignError {
    match load(decisions.as_bytes()) {
        Err(CatalogueError::Resign(error)) => error,
        other => panic!("{decisions}: {other:?}"),
    }
}

fn at(line: usize, column: usize) -> Place {
    Place { file: RESIGN_PATH.into(), line, column }
}

#[test]
fn a_decision_is_read_with_its_place() {
    let catalogue = load(DECISION.as_bytes()).unwrap();
    let [decision] = catalogue.decisions() else { panic!("{:?}", catalogue.decisions()) };
    assert_eq!((decision.from.as_str(), decision.version.as_str()), ("1", "2"));
    assert_eq!(decision.clauses, ["time", "job"]);
    assert_eq!(decision.answered, ClauseAnswer::ALL);
    assert_eq!(decision.decided.to_string(), "2026-03-01");
    assert_eq!(decision.applies_to, AppliesTo::Cleared);
    assert_eq!(decision.place, at(2, 1));
    let some = format!("{DECISION}answered = [\"no\", \"exception\"]\n");
    let some = load(some.as_bytes()).unwrap();
    let answered = [ClauseAnswer::No, ClauseAnswer::Exception];
    assert_eq!(some.decisions()[0].answered, answered);
}

#[test]
fn without_decisions_there_are_none() {
    assert!(load(b"").unwrap().decisions().is_empty());
    assert!(load(b"# nothing was decided\n").unwrap().decisions().is_empty());
}

#[test]
fn each_name_must_be_known_and_is_shown_where_it_is_not() {
    for (from, to, expected) in [
        ("\"effort\"", "\"own-work\"", ResignError::UnknownSet { place: at(3, 7) }),
        ("version = \"2\"", "version = \"3\"", ResignError::UnknownVersion { place: at(4, 11) }),
        ("from = \"1\"", "from = \"0\"", ResignError::UnknownVersion { place: at(6, 8) }),
        ("from = \"1\"", "from = \"2\"", ResignError::NotLater { place: at(4, 11) }),
        ("version = \"2\"", "version = \"1\"", ResignError::NotLater { place: at(4, 11) }),
        ("\"job\"]", "\"pay\"]", ResignError::UnknownClause { place: at(5, 20) }),
    ] {
        assert_eq!(refused(&DECISION.replace(from, to)), expected, "{to}");
    }
}

#[test]
fn each_value_must_make_sense_and_is_shown_where_it_does_not() {
    let limit = MAX_REASON_BYTES;
    let (long, longest) = ("x".repeat(limit + 1), "x".repeat(limit));
    let reason = |text: &str| DECISION.replace("hours now count breaks", text);
    let misplaced = ResignError::Reason { place: at(7, 10), limit };
    assert_eq!(refused(&reason(&long)), misplaced);
    assert_eq!(refused(&reason("  ")), misplaced);
    assert!(load(reason(&longest).as_bytes()).is_ok());
    let clauses = |text: &str| DECISION.replace("[\"time\", \"job\"]", text);
    assert_eq!(refused(&clauses("[]")), ResignError::Clauses { place: at(5, 11) });
    let twice = clauses("[\"job\", \"job\"]");
    assert_eq!(refused(&twice), ResignError::Clauses { place: at(5, 11) });
    for answered in ["[]", "[\"no\", \"no\"]"] {
        let text = format!("{DECISION}answered = {answered}\n");
        assert_eq!(refused(&text), ResignError::Answers { place: at(10, 12) }, "{answered}");
    }
    for day in ["2026-02-29", "2026-00-10", "2026-13-01", "2026-04-31", "2026-1-01", "1 May", ""] {
        let text = DECISION.replace("2026-03-01", day);
        assert_eq!(refused(&text), ResignError::Date { place: at(8, 11) }, "{day}");
    }
    assert!(load(DECISION.replace("2026-03-01", "2028-02-29").as_bytes()).is_ok());
}

#[test]
fn other_forms_are_refused_with_what_the_parser_says() {
    let toml = |text: &str| match refused(text) {
        ResignError::Toml { place, message } => (place, message),
        other => panic!("{text}: {other:?}"),
    };
    let (place, message) = toml(&DECISION.replace("\"cleared\"", "\"some\""));
    assert_eq!(place, at(9, 14));
    assert!(message.contains("new-purposes"), "{message}");
    let (place, message) = toml(&format!("{DECISION}answered = [\"maybe\"]\n"));
    assert_eq!((place.line, message.contains("exception")), (10, true), "{message}");
    assert_eq!(toml("[[require]]\nset = ").0, at(2, 7));
    let (_, message) = toml(&DECISION.replace("reason", "because"));
    assert!(message.contains("because"), "{message}");
    let (_, message) = toml("[[require]]\nset = \"effort\"\n");
    assert!(message.contains("missing field"), "{message}");
    assert_eq!(toml("[[demand]]\n").0.line, 1);
}

#[test]
fn what_was_decided_is_not_decided_again() {
    let twice = DECISION.repeat(2);
    let repeated = ResignError::Repeated { place: at(11, 1), first: at(2, 1) };
    assert_eq!(refused(&twice), repeated);
    let reordered = DECISION.replace("[\"time\", \"job\"]", "[\"job\", \"time\"]");
    assert_eq!(refused(&format!("{DECISION}{reordered}")), repeated);
    for wider in [
        DECISION.replace("\"cleared\"", "\"all\""),
        DECISION.replace("\"time\", ", ""),
        format!("{DECISION}answered = [\"no\"]\n"),
    ] {
        let catalogue = load(format!("{DECISION}{wider}").as_bytes()).unwrap();
        assert_eq!(catalogue.decisions().len(), 2, "{wider}");
    }
}

#[test]
fn sizes_are_bounded_before_anything_is_read() {
    let (found, limit) = (MAX_FILE_BYTES + 1, MAX_FILE_BYTES);
    assert_eq!(refused(&"#".repeat(found)), ResignError::TooLarge { found, limit });
    assert!(load("#".repeat(limit).as_bytes()).is_ok());
    let short = "[[require]]\nset=\"\"\nversion=\"\"\nclauses=[]\nfrom=\"\"\nreason=\"\"\n\
                 decided=\"\"\napplies_to=\"all\"\n";
    let (found, limit) = (MAX_DECISIONS + 1, MAX_DECISIONS);
    assert_eq!(refused(&short.repeat(found)), ResignError::Count { found, limit });
    let torn = load(b"# ok\n# \xff").unwrap_err();
    assert_eq!(torn, CatalogueError::Resign(ResignError::NotUtf8 { place: at(2, 3) }));
}
