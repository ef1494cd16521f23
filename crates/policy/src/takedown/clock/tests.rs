//! Clocks of cases under the shipped rules.

use super::{super::tests::shipped, *};

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap_or_else(|_| panic!("{text}"))
}

fn history(states: &[(State, &str)]) -> Vec<(State, DateTime<Utc>)> {
    states.iter().map(|(state, time)| (*state, at(time))).collect()
}

/// The one clock of this name.
fn clock<'a>(
    rules: &'a Rules,
    (ground, name): (&str, &str),
    history: &[(State, DateTime<Utc>)],
    extensions: &[Extension<'_>],
    now: &str,
) -> Clock<'a> {
    let clocks = rules.clocks(rules.ground(ground).unwrap(), history, extensions, at(now));
    let mut named: Vec<Clock<'_>> = clocks.into_iter().filter(|clock| clock.name == name).collect();
    assert_eq!(named.len(), 1, "{name}");
    named.remove(0)
}

#[test]
fn a_request_to_erase_is_answered_within_a_month() {
    let rules = shipped();
    let answer = ("gdpr-erasure", "answer");
    let received = history(&[(State::Received, "2026-01-31T10:00:00Z")]);
    let clock_at = |now| clock(rules, answer, &received, &[], now);
    let running = clock_at("2026-02-10T00:00:00Z");
    // One month from 31 January is 28 February, a Saturday; Monday ends at midnight in summer time,
    // to be safe.
    assert_eq!(running.due, at("2026-03-02T22:00:00Z"));
    assert_eq!(running.set_by, SetBy::Law);
    assert_eq!((running.due_earliest, running.met, running.extended), (None, None, 0));
    assert_eq!(running.extendable_until, Some(running.due));
    assert!(!running.overdue && !clock_at("2026-03-02T21:59:59Z").overdue);
    let late = clock_at("2026-03-02T22:00:00Z");
    assert!(late.overdue);
    assert_eq!(late.extendable_until, None, "too late to make it longer");
    let mut answered = received.clone();
    answered.push((State::PartlyUpheld, at("2026-03-20T00:00:00Z")));
    let met = clock(rules, answer, &answered, &[], "2026-04-01T00:00:00Z");
    assert_eq!(met.met, Some(at("2026-03-20T00:00:00Z")));
    assert!(!met.overdue, "late, but done");
    assert!(met.met > Some(met.due));
}

#[test]
fn it_is_made_longer_once_and_in_time() {
    let rules = shipped();
    let answer = ("gdpr-erasure", "answer");
    let received = history(&[(State::Received, "2026-01-31T10:00:00Z")]);
    let given = |times: &[&str]| -> Clock<'_> {
        let told = |time: &&str| Extension { deadline: "answer", at: at(time) };
        let extensions: Vec<Extension<'_>> = times.iter().map(told).collect();
        clock(rules, answer, &received, &extensions, "2026-03-15T00:00:00Z")
    };
    let longer = given(&["2026-02-20T00:00:00Z"]);
    assert_eq!(longer.due, at("2026-04-30T22:00:00Z"), "three months from the start");
    assert_eq!((longer.extended, longer.extendable_until), (1, None));
    assert!(!longer.overdue);
    let twice = given(&["2026-03-01T00:00:00Z", "2026-02-20T00:00:00Z"]);
    assert_eq!((twice.due, twice.extended), (longer.due, 1));
    for useless in ["2026-03-03T00:00:00Z", "2026-01-30T00:00:00Z", "2026-03-16T00:00:00Z"] {
        let same = given(&[useless]);
        assert_eq!((same.due, same.extended), (at("2026-03-02T22:00:00Z"), 0), "{useless}");
        assert!(same.overdue);
    }
    let other = Extension { deadline: "erase", at: at("2026-02-20T00:00:00Z") };
    let same = clock(rules, answer, &received, &[other], "2026-03-01T00:00:00Z");
    assert_eq!(same.extended, 0);
}

#[test]
fn a_request_under_california_law_has_45_days_and_45_more() {
    let rules = shipped();
    let received = history(&[(State::Received, "2026-06-01T18:00:00Z")]);
    let respond = ("ccpa-deletion", "respond");
    let first = clock(rules, respond, &received, &[], "2026-06-02T00:00:00Z");
    assert_eq!(first.due, at("2026-07-16T22:00:00Z"));
    let told = Extension { deadline: "respond", at: at("2026-07-01T00:00:00Z") };
    let second = clock(rules, respond, &received, &[told], "2026-07-02T00:00:00Z");
    assert_eq!(second.due, at("2026-08-30T22:00:00Z"), "90 days in all");
    let confirm = ("ccpa-deletion", "confirm-receipt");
    let confirm = clock(rules, confirm, &received, &[], "2026-06-02T00:00:00Z");
    assert_eq!(confirm.due, at("2026-06-16T04:00:00Z"), "ten business days");
    assert_eq!(confirm.extendable_until, None);
}

#[test]
fn content_is_restored_ten_to_fourteen_business_days_after_a_counter_notice() {
    let rules = shipped();
    let ground = rules.ground("dmca-notice").unwrap();
    let countered = history(&[
        (State::Received, "2026-12-01T15:00:00Z"),
        (State::Upheld, "2026-12-10T15:00:00Z"),
        (State::Propagating, "2026-12-11T15:00:00Z"),
        (State::Countered, "2026-12-18T15:00:00Z"),
    ]);
    let restore = clock(rules, ("dmca-notice", "restore"), &countered, &[], "2027-01-01T00:00:00Z");
    assert_eq!(restore.due_earliest, Some(at("2027-01-06T05:00:00Z")));
    assert_eq!(restore.due, at("2027-01-12T04:00:00Z"));
    let over = |to, now| rules.waiting_time_is_over(ground, to, &countered, at(now));
    assert!(!over(State::Restored, "2027-01-06T04:59:59Z"));
    assert!(over(State::Restored, "2027-01-06T05:00:00Z"));
    assert!(!over(State::Remediating, "2028-01-01T00:00:00Z"), "nothing was waited for");
}

#[test]
fn nothing_is_destroyed_before_there_was_time_to_object() {
    let rules = shipped();
    let ground = rules.ground("dsa-notice").unwrap();
    let upheld = history(&[
        (State::Received, "2026-05-01T09:00:00Z"),
        (State::Upheld, "2026-05-04T09:00:00Z"),
    ]);
    let over = |now| rules.waiting_time_is_over(ground, State::Remediating, &upheld, at(now));
    assert!(!over("2026-06-03T22:59:59Z"));
    assert!(over("2026-06-03T23:00:00Z"));
}

#[test]
fn a_case_that_is_looked_at_again_has_its_clocks_again() {
    let rules = shipped();
    let ground = rules.ground("trade-secret").unwrap();
    let again = history(&[
        (State::Received, "2026-03-02T09:00:00Z"),
        (State::Triaged, "2026-03-03T09:00:00Z"),
        (State::Rejected, "2026-03-04T09:00:00Z"),
        (State::Closed, "2026-03-05T09:00:00Z"),
        (State::Reopened, "2026-04-01T09:00:00Z"),
        (State::Triaged, "2026-04-02T09:00:00Z"),
    ]);
    let clocks = rules.clocks(ground, &again, &[], at("2026-04-03T00:00:00Z"));
    let decide: Vec<&Clock<'_>> = clocks.iter().filter(|clock| clock.name == "decide").collect();
    assert_eq!(decide.len(), 2);
    assert_eq!(decide[0].met, Some(at("2026-03-04T09:00:00Z")));
    assert_eq!((decide[1].started, decide[1].met), (at("2026-04-02T09:00:00Z"), None));
}

#[test]
fn closing_a_case_ends_what_still_runs() {
    let rules = shipped();
    let closed = history(&[
        (State::Received, "2026-03-02T09:00:00Z"),
        (State::Upheld, "2026-03-03T09:00:00Z"),
        (State::Closed, "2026-03-04T09:00:00Z"),
    ]);
    for ground in rules.grounds() {
        for clock in rules.clocks(ground, &closed, &[], at("2036-01-01T00:00:00Z")) {
            assert!(clock.met.is_some() && !clock.overdue, "{} {}", ground.as_str(), clock.name);
        }
        assert_eq!(rules.clocks(ground, &[], &[], at("2036-01-01T00:00:00Z")), []);
    }
}
