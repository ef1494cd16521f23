//! The shipped file, and what becomes of it when something in it is changed.

use std::{collections::BTreeSet, sync::LazyLock};

use super::*;
use crate::{load::Place, words::Role};

pub(super) const SHIPPED: &str = include_str!("../../../../policies/takedown.toml");

mod refusals;
mod steps;

/// The rules of the shipped file.
pub(super) fn shipped() -> &'static Rules {
    static RULES: LazyLock<Rules> =
        LazyLock::new(|| Rules::parse(SHIPPED).unwrap_or_else(|error| panic!("{error}")));
    &RULES
}

/// The shipped file with the first occurrence of a text changed.
pub(super) fn changed(from: &str, to: &str) -> Result<Rules, RulesError> {
    assert!(SHIPPED.contains(from), "{from}");
    Rules::parse(&SHIPPED.replacen(from, to, 1))
}

/// The shipped file with something changed below a heading.
pub(super) fn changed_below(heading: &str, from: &str, to: &str) -> Result<Rules, RulesError> {
    let at = SHIPPED.find(heading).unwrap_or_else(|| panic!("{heading}"));
    let (before, after) = SHIPPED.split_at(at);
    assert!(after.contains(from), "{from}");
    Rules::parse(&format!("{before}{}", after.replacen(from, to, 1)))
}

/// The shipped file with another rule for holidays of TARGET that fall on a weekend.
pub(super) fn with_observed(rule: &str) -> Rules {
    let rule = format!("observed = \"{rule}\"");
    changed_below("id = \"target2\"", "observed = \"same-day\"", &rule).unwrap()
}

/// States that a case on a ground can come to, from a state or from the beginning.
fn reachable(rules: &Rules, ground: &Ground, from: Option<State>) -> BTreeSet<State> {
    let mut found: BTreeSet<State> = from.into_iter().collect();
    let mut pending = vec![from];
    while let Some(state) = pending.pop() {
        for next in rules.next(state, ground) {
            if found.insert(next.to) {
                pending.push(Some(next.to));
            }
        }
    }
    found
}

#[test]
fn the_shipped_file_has_the_grounds_and_forms_that_are_promised() {
    let rules = shipped();
    let grounds: Vec<&str> = rules.grounds().iter().map(Ground::as_str).collect();
    assert_eq!(
        grounds,
        [
            "dmca-notice",
            "dsa-notice",
            "gdpr-erasure",
            "ccpa-deletion",
            "trade-secret",
            "withdrawal",
            "court-order",
            "retention"
        ]
    );
    let counter = rules.counter_form(rules.ground("dmca-notice").unwrap()).unwrap();
    assert_eq!(counter.as_str(), "dmca-counter-notice");
    assert!(counter.required.contains(&Field::Jurisdiction));
    assert!(rules.form(rules.ground("withdrawal").unwrap()).is_none());
    assert!(rules.counter_form(rules.ground("gdpr-erasure").unwrap()).is_none());
    assert!(rules.ground("libel").is_none());
    for form in rules.forms() {
        for field in form.fields() {
            assert!(rules.field(field).is_some(), "{field}");
            assert!(form.asks_for(field));
        }
    }
    assert_eq!(rules.field(Field::ErasureGround).unwrap().choices.len(), 6);
}

#[test]
fn every_state_is_reached_and_every_case_can_be_closed() {
    let rules = shipped();
    let mut everywhere = BTreeSet::new();
    for ground in rules.grounds() {
        let reached = reachable(rules, ground, None);
        for state in &reached {
            let after = reachable(rules, ground, Some(*state));
            assert!(after.contains(&State::Closed), "{} {state}", ground.as_str());
        }
        let can_be_countered = rules.counter_form(ground).is_some();
        assert_eq!(reached.contains(&State::Countered), can_be_countered, "{}", ground.as_str());
        everywhere.extend(reached);
    }
    assert_eq!(everywhere.len(), State::ALL.len());
}

#[test]
fn nothing_is_destroyed_without_two_officers_and_without_asking_for_holds() {
    let rules = shipped();
    let mut found = 0;
    for transition in rules.transitions() {
        let destroys = transition.to == State::Remediating;
        assert_eq!(destroys, transition.remedy == Some(Remedy::Erase));
        if destroys {
            found += 1;
            assert!(transition.needs.contains(&Need::SecondOfficer));
            assert!(transition.needs.contains(&Need::NoHold));
            assert!(!transition.actors.contains(&Actor::Service));
            let from = transition.from.unwrap();
            assert!(matches!(from, State::Upheld | State::PartlyUpheld), "{from}");
        }
    }
    assert_eq!(found, 4);
}

#[test]
fn what_is_needed_to_get_to_a_decision_is_the_same_for_a_part() {
    let rules = shipped();
    for ground in rules.grounds() {
        let decisions = |to: State| -> Vec<(&[Need], &[usize])> {
            let leads = rules.next(Some(State::Reviewing), ground).filter(|t| t.to == to);
            leads.map(|t| (&*t.needs, &*t.reasons)).collect()
        };
        assert_eq!(decisions(State::Upheld), decisions(State::PartlyUpheld));
        assert_eq!(decisions(State::Upheld).len(), 1);
    }
}

#[test]
fn missing_fields_are_named_in_the_order_of_the_form() {
    let rules = shipped();
    let ground = rules.ground("dmca-notice").unwrap();
    let mut given = BTreeSet::from(["work", "claimant", "colour", "Signature", "material"]);
    let missing = rules.missing_fields(ground, &given);
    let statements = [Field::Signature, Field::GoodFaith, Field::Accuracy];
    assert_eq!(missing, [&statements[..], &[Field::ContactEmail]].concat());
    given.insert("contact-telephone");
    assert_eq!(rules.missing_fields(ground, &given), statements, "one way to be reached is enough");
    let all: BTreeSet<&str> = Field::ALL.iter().map(|field| field.as_str()).collect();
    for ground in rules.grounds() {
        assert_eq!(rules.missing_fields(ground, &all), []);
    }
    let withdrawal = rules.ground("withdrawal").unwrap();
    assert_eq!(rules.missing_fields(withdrawal, &BTreeSet::new()), []);
}

#[test]
fn the_digest_is_that_of_every_byte() {
    let other = format!("{SHIPPED}\n");
    let rules = Rules::parse(&other).unwrap();
    assert_ne!(rules.sha256(), shipped().sha256());
    let expected: Digest = Sha256::digest(SHIPPED).into();
    assert_eq!(*shipped().sha256(), expected);
}

#[test]
fn the_small_file_that_fuzzing_starts_from_is_right() {
    let small = include_str!("../../../../tests/fuzz/corpus/takedown/small.toml");
    let rules = Rules::parse(small).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(rules.grounds().len(), 1);
    let ground = &rules.grounds()[0];
    assert_eq!(ground.decides.iter().collect::<Vec<_>>(), [Role::Legal]);
}

/// Line of a place, to compare it with what was changed.
pub(super) fn line_of(place: &Place) -> &'static str {
    SHIPPED.lines().nth(place.line - 1).unwrap_or_default()
}
