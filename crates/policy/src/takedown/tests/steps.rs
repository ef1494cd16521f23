//! Who may take which step, with what.

use std::collections::BTreeSet;

use super::{
    super::{ActorFacts, Need, Refusal, Rules, State, Step, StepRefused},
    Actor, Role, RoleSet, shipped,
};

const OFFICER: ActorFacts = ActorFacts {
    roles: RoleSet::EMPTY.with(Role::Legal),
    is_service: false,
    is_party: false,
    is_second_officer: false,
};

const SERVICE: ActorFacts = ActorFacts {
    roles: RoleSet::EMPTY,
    is_service: true,
    is_party: false,
    is_second_officer: false,
};

/// Asks for a step and gives back why not.
fn ask(
    rules: &Rules,
    ground: &str,
    (from, to): (Option<State>, State),
    actor: ActorFacts,
    given: &[Need],
    reason: Option<&str>,
) -> Result<(), StepRefused> {
    let given: BTreeSet<Need> = given.iter().copied().collect();
    let ground = rules.ground(ground).unwrap();
    rules.step(&Step { from, to, ground, actor, given: &given, reason }).map(|_| ())
}

fn missing(needs: &[Need]) -> Refusal {
    Refusal::Missing { needs: needs.to_vec() }
}

#[test]
fn a_case_goes_from_beginning_to_end() {
    use Need::{
        Acknowledgement, Concerned, Erased, Ground, Locked, NoHold, Notice, RecipientsSettled,
        SecondOfficer, StatementOfReasons,
    };
    let rules = shipped();
    let path: &[(State, ActorFacts, &[Need], &str)] = &[
        (State::Received, SERVICE, &[Ground], "notice"),
        (State::Acknowledged, SERVICE, &[Acknowledgement], "acknowledgement-sent"),
        (State::Triaged, OFFICER, &[Ground, Notice, Concerned], "content-identified"),
        (State::Reviewing, OFFICER, &[Concerned], "review-begun"),
        (State::Upheld, OFFICER, &[Concerned, Locked, StatementOfReasons], "erasure-due"),
        (State::Remediating, OFFICER, &[Concerned, SecondOfficer, NoHold], "erasure-approved"),
        (State::Propagating, SERVICE, &[Erased], "erased"),
        (State::Closed, SERVICE, &[RecipientsSettled], "no-recipients"),
    ];
    let mut from = None;
    for (to, actor, given, reason) in path {
        let step = (from, *to);
        ask(rules, "gdpr-erasure", step, *actor, given, Some(reason)).unwrap();
        for left_out in *given {
            let rest: Vec<Need> = given.iter().copied().filter(|need| need != left_out).collect();
            let refused = ask(rules, "gdpr-erasure", step, *actor, &rest, Some(reason));
            assert_eq!(refused.unwrap_err().why, missing(&[*left_out]), "{to}");
        }
        let refused = ask(rules, "gdpr-erasure", step, *actor, given, None).unwrap_err();
        assert_eq!(refused.why, missing(&[Need::ReasonCode]));
        let refused = ask(rules, "gdpr-erasure", step, *actor, given, Some("spite")).unwrap_err();
        assert!(matches!(refused.why, Refusal::WrongReason { allowed } if !allowed.is_empty()));
        let party = ActorFacts { is_party: true, ..*actor };
        let refused = ask(rules, "gdpr-erasure", step, party, given, Some(reason)).unwrap_err();
        assert_eq!(refused.why, Refusal::Party);
        from = Some(*to);
    }
}

#[test]
fn steps_that_lead_nowhere_are_refused_and_say_what_is_possible() {
    let rules = shipped();
    let step = (Some(State::Received), State::Remediating);
    let refused = ask(rules, "dmca-notice", step, OFFICER, Need::ALL, None).unwrap_err();
    let (from, to) = step;
    assert_eq!(refused.why, Refusal::NoTransition { from, to });
    assert_eq!(refused.next, [State::Acknowledged]);
    assert_eq!(
        refused.to_string(),
        "nothing leads from received to remediating; possible from here: acknowledged"
    );
    for to in State::ALL {
        let refused = ask(rules, "dmca-notice", (Some(State::Closed), *to), OFFICER, &[], None);
        let next = refused.unwrap_err().next;
        assert_eq!(next, [State::Countered, State::Reopened]);
    }
}

#[test]
fn a_step_for_other_grounds_is_refused_as_such() {
    let rules = shipped();
    let reviewing = (Some(State::Triaged), State::Reviewing);
    let refused = ask(rules, "trade-secret", reviewing, OFFICER, Need::ALL, Some("review-begun"));
    let (from, to) = reviewing;
    assert_eq!(refused.unwrap_err().why, Refusal::NotOnGround { from, to });
    let countered = (Some(State::Upheld), State::Countered);
    let reason = Some("counter-notice");
    let refused = ask(rules, "gdpr-erasure", countered, SERVICE, Need::ALL, reason).unwrap_err();
    assert!(matches!(refused.why, Refusal::NotOnGround { .. }), "there is no form for it");
    ask(rules, "dmca-notice", countered, SERVICE, Need::ALL, reason).unwrap();
    let restricted = (Some(State::Upheld), State::Propagating);
    let refused = ask(rules, "retention", restricted, OFFICER, Need::ALL, Some("stays-locked"));
    assert!(matches!(refused.unwrap_err().why, Refusal::NotOnGround { .. }), "only erased");
}

#[test]
fn nobody_takes_the_step_of_another() {
    let rules = shipped();
    let upheld = (Some(State::Reviewing), State::Upheld);
    let reason = Some("secret-shown");
    let only = |actors: &[Actor]| Refusal::WrongActor { required: actors.to_vec() };
    for role in Role::ALL.iter().filter(|role| **role != Role::Legal) {
        let actor = ActorFacts { roles: RoleSet::EMPTY.with(*role), ..ActorFacts::default() };
        let refused = ask(rules, "trade-secret", upheld, actor, Need::ALL, reason).unwrap_err();
        assert_eq!(refused.why, only(&[Actor::Legal]), "{role}");
    }
    let refused = ask(rules, "trade-secret", upheld, SERVICE, Need::ALL, reason).unwrap_err();
    assert_eq!(refused.why, only(&[Actor::Legal]));
    let disguised = ActorFacts { is_service: true, ..OFFICER };
    assert!(ask(rules, "trade-secret", upheld, disguised, Need::ALL, reason).is_err());
    let erased = (Some(State::Remediating), State::Propagating);
    let refused = ask(rules, "trade-secret", erased, OFFICER, Need::ALL, Some("erased"));
    assert_eq!(refused.unwrap_err().why, only(&[Actor::Service]));
}

#[test]
fn the_second_officer_may_take_the_step_or_have_agreed_before() {
    let rules = shipped();
    let erase = (Some(State::PartlyUpheld), State::Remediating);
    let reason = Some("erasure-approved");
    let given = [Need::Concerned, Need::NoHold];
    let refused = ask(rules, "withdrawal", erase, OFFICER, &given, reason).unwrap_err();
    assert_eq!(refused.why, missing(&[Need::SecondOfficer]));
    assert!(refused.to_string().starts_with("missing: second-officer; possible from here: "));
    let second = ActorFacts { is_second_officer: true, ..OFFICER };
    ask(rules, "withdrawal", erase, second, &given, reason).unwrap();
    let agreed = [Need::Concerned, Need::NoHold, Need::SecondOfficer];
    ask(rules, "withdrawal", erase, OFFICER, &agreed, reason).unwrap();
    let held = [Need::Concerned, Need::SecondOfficer];
    let refused = ask(rules, "withdrawal", erase, second, &held, reason).unwrap_err();
    assert_eq!(refused.why, missing(&[Need::NoHold]));
    let alone = ActorFacts { is_second_officer: true, ..ActorFacts::default() };
    let refused = ask(rules, "withdrawal", erase, alone, &agreed, reason).unwrap_err();
    assert!(matches!(refused.why, Refusal::WrongActor { .. }), "agreeing is not deciding");
}

#[test]
fn a_reason_belongs_to_its_ground() {
    let rules = shipped();
    let upheld = (Some(State::Reviewing), State::Upheld);
    let refused =
        ask(rules, "dmca-notice", upheld, OFFICER, Need::ALL, Some("erasure-due")).unwrap_err();
    let allowed = ["infringement-shown", "terms-breached"].map(Box::from).to_vec();
    assert_eq!(refused.why, Refusal::WrongReason { allowed });
}

#[test]
fn the_same_states_by_another_actor_ask_for_other_things() {
    let rules = shipped();
    let closed = (Some(State::Propagating), State::Closed);
    let settled = [Need::RecipientsSettled];
    let ask = |actor, given: &[Need], reason| {
        ask(rules, "withdrawal", closed, actor, given, Some(reason)).map_err(|refused| refused.why)
    };
    assert_eq!(ask(SERVICE, &settled, "recipients-confirmed"), Ok(()));
    assert!(matches!(
        ask(OFFICER, &settled, "recipients-confirmed"),
        Err(Refusal::WrongReason { .. })
    ));
    let told = [Need::RecipientsSettled, Need::StatementOfReasons];
    assert_eq!(
        ask(OFFICER, &settled, "recipients-escalated"),
        Err(missing(&[Need::StatementOfReasons]))
    );
    assert_eq!(ask(OFFICER, &told, "recipients-escalated"), Ok(()));
}
