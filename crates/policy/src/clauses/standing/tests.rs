//! Who signs again, over every kind of decision, answer and history of clearances.

use super::*;
use crate::clauses::{CATALOGUE_PATH, RESIGN_PATH};

const CATALOGUE: &str = r#"
text = [
  { set = "effort", version = "1", locale = "en", file = "1.md", clauses = ["time"] },
  { set = "effort", version = "2", locale = "en", file = "2.md", clauses = ["time", "job"] },
  { set = "effort", version = "3", locale = "en", file = "3.md", clauses = ["time", "job"] },
  { set = "effort", version = "1", locale = "de", file = "1.de.md", clauses = ["time"] },
]
"#;

const ANSWERED: [(&str, ClauseAnswer); 1] = [("time", ClauseAnswer::Yes)];

fn catalogue(decisions: &str) -> ClauseCatalogue {
    let text = |version: &str, locale: &str, clauses: &str| {
        let front = format!("set: effort\nversion: {version}\nlocale: {locale}");
        format!("---\n{front}\neffective: 2026-01-01\n---\n{clauses}")
    };
    let (short, long) = ("## 1. A {#time}\n", "## 1. A {#time}\n## 2. B {#job}\n");
    let texts = [
        ("1.md", text("1", "en", short)),
        ("2.md", text("2", "en", long)),
        ("3.md", text("3", "en", long)),
        ("1.de.md", text("1", "de", short)),
    ];
    let mut files: Vec<(&str, &[u8])> =
        texts.iter().map(|(path, text)| (*path, text.as_bytes())).collect();
    files.push((CATALOGUE_PATH, CATALOGUE.as_bytes()));
    files.push((RESIGN_PATH, decisions.as_bytes()));
    ClauseCatalogue::parse(&files).unwrap_or_else(|error| panic!("{error}"))
}

/// A decision of 1 March 2026 from version 1.
fn decision(version: &str, clauses: &str, more: &str) -> String {
    format!(
        "[[require]]\nset = \"effort\"\nversion = \"{version}\"\nclauses = [{clauses}]\n\
         from = \"1\"\nreason = \"why\"\ndecided = \"2026-03-01\"\n{more}\n"
    )
}

fn signed(version: &str) -> Signed<'_> {
    Signed { set: "effort", version, answers: &ANSWERED }
}

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

/// Clauses to sign again for training, under version 1; `None` if the statement stands.
fn asked(catalogue: &ClauseCatalogue, clearances: &[(Purpose, Day)]) -> Option<Vec<String>> {
    let used = Use { purpose: Purpose::Training, on: day("2026-04-01"), clearances };
    match catalogue.standing(&signed("1"), &used).unwrap() {
        Standing::ResignRequired { requirements } => {
            let clauses = requirements.iter().flat_map(|requirement| &requirement.clauses);
            Some(clauses.map(|clause| (*clause).to_owned()).collect())
        }
        _ => None,
    }
}

/// Nothing was cleared so far.
fn never() -> Use<'static> {
    Use { purpose: Purpose::Training, on: day("2026-04-01"), clearances: &[] }
}

#[test]
fn without_a_decision_what_was_signed_stays_current() {
    let catalogue = catalogue("");
    for version in ["1", "2"] {
        let standing = catalogue.standing(&signed(version), &never()).unwrap();
        assert_eq!(standing, Standing::Superseded { newest: "3" });
        assert!(standing.is_current());
    }
    let newest = catalogue.standing(&signed("3"), &never()).unwrap();
    assert_eq!((newest.is_current(), newest), (true, Standing::Current));
}

#[test]
fn nothing_is_said_about_texts_that_are_not_there() {
    let catalogue = catalogue("");
    assert_eq!(catalogue.standing(&signed("4"), &never()), None);
    let other = Signed { set: "own-work", ..signed("1") };
    assert_eq!(catalogue.standing(&other, &never()), None);
}

#[test]
fn a_decision_is_about_its_version_alone() {
    let catalogue = catalogue(&decision("2", "\"time\"", "applies_to = \"all\""));
    let standing = catalogue.standing(&signed("1"), &never()).unwrap();
    assert!(!standing.is_current());
    let Standing::ResignRequired { requirements } = standing else { panic!("{standing:?}") };
    let [Requirement { decision, clauses }] = &requirements[..] else { panic!("{requirements:?}") };
    assert_eq!((decision.reason.as_str(), decision.version.as_str()), ("why", "2"));
    assert_eq!(clauses, &["time"]);
    let later = catalogue.standing(&signed("2"), &never()).unwrap();
    assert_eq!(later, Standing::Superseded { newest: "3" });
    assert_eq!(catalogue.standing(&signed("3"), &never()), Some(Standing::Current));
}

#[test]
fn answers_count_where_the_decision_names_them() {
    let exceptions = "answered = [\"exception\", \"no\"]\napplies_to = \"all\"";
    let catalogue = catalogue(&decision("2", "\"time\"", exceptions));
    for (answer, is_current) in
        [(ClauseAnswer::Yes, true), (ClauseAnswer::No, false), (ClauseAnswer::Exception, false)]
    {
        let answers = [("time", answer)];
        let signed = Signed { answers: &answers, ..signed("1") };
        let standing = catalogue.standing(&signed, &never()).unwrap();
        assert_eq!(standing.is_current(), is_current, "{answer}");
    }
}

#[test]
fn a_clause_that_the_old_text_did_not_have_concerns_everybody() {
    let exceptions = "answered = [\"exception\"]\napplies_to = \"all\"";
    let catalogue = catalogue(&decision("2", "\"time\", \"job\"", exceptions));
    assert_eq!(asked(&catalogue, &[]), Some(vec!["job".to_owned()]));
}

#[test]
fn whom_it_applies_to_is_judged_as_of_the_day_of_the_decision() {
    let earlier = [(Purpose::Training, day("2026-02-28"))];
    let same_day = [(Purpose::Training, day("2026-03-01"))];
    let later = [(Purpose::Training, day("2026-03-02"))];
    let other = [(Purpose::Evaluation, day("2026-01-31"))];
    for (applies_to, expected) in [
        // never, earlier, on the day, later, earlier for another purpose
        ("all", [true, true, true, true, true]),
        ("cleared", [false, true, false, false, true]),
        ("new-purposes", [true, false, true, true, true]),
    ] {
        let more = format!("applies_to = \"{applies_to}\"");
        let catalogue = catalogue(&decision("2", "\"time\"", &more));
        let histories: [&[_]; 5] = [&[], &earlier, &same_day, &later, &other];
        for (history, expected) in histories.into_iter().zip(expected) {
            let is_asked = asked(&catalogue, history).is_some();
            assert_eq!(is_asked, expected, "{applies_to}: {history:?}");
        }
    }
}

#[test]
fn several_decisions_add_up_in_the_order_of_the_file() {
    let all = "applies_to = \"all\"";
    let both = decision("3", "\"job\"", all) + &decision("2", "\"time\"", all);
    let catalogue = catalogue(&both);
    assert_eq!(asked(&catalogue, &[]), Some(vec!["job".to_owned(), "time".to_owned()]));
}

#[test]
fn versions_are_counted_once_in_whatever_language() {
    let catalogue = catalogue("");
    assert_eq!(catalogue.versions("effort"), ["1", "2", "3"]);
    assert!(catalogue.versions("own-work").is_empty());
}

#[test]
fn a_decision_counts_from_its_day_on() {
    let catalogue = catalogue(&decision("2", "\"time\"", "applies_to = \"all\""));
    let standing = |on| {
        let used = Use { on: day(on), ..never() };
        catalogue.standing(&signed("1"), &used).unwrap().is_current()
    };
    assert!(standing("2026-02-28"));
    assert!(!standing("2026-03-01"));
}
