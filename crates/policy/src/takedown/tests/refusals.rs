//! Files that make no rules, and where they say so.

use super::{
    super::{Counted, MAX_RULES_BYTES, Named, Remedy, Rules, RulesError, State},
    SHIPPED, changed, changed_below, line_of,
};

/// What a word replaced by one that means nothing is taken for.
fn unknown(from: &str, to: &str) -> Named {
    match changed(from, to) {
        Err(RulesError::Unknown { what, place }) => {
            assert!(from.contains(line_of(&place)) || line_of(&place).contains(from), "{place}");
            what
        }
        other => panic!("{from}: {:?}", other.map(|_| ())),
    }
}

#[test]
fn words_that_mean_nothing_are_found() {
    for (from, to, what) in [
        ("from = [\"restored\"]", "from = [\"gone\"]", Named::State),
        ("to = \"acknowledged\"", "to = \"beginning\"", Named::State),
        ("starts = [\"triaged\"]", "starts = [\"triage\"]", Named::State),
        ("needs = [\"erased\", ", "needs = [\"burnt\", ", Named::Need),
        ("by = [\"service\"]", "by = [\"robot\"]", Named::Actor),
        ("decides = [\"legal\"]", "decides = [\"deciders\"]", Named::Role),
        ("optional = [\"capacity\", ", "optional = [\"rank\", ", Named::Field),
        ("counter_form = \"objection\"", "counter_form = \"protest\"", Named::Form),
        ("form = \"court-order\"", "form = \"order\"", Named::Form),
        ("grounds = [\"withdrawal\"]", "grounds = [\"change-of-mind\"]", Named::Ground),
        ("reasons = [\"officer\"]", "reasons = [\"whim\"]", Named::Reason),
        ("calendar = \"target2\"", "calendar = \"target3\"", Named::Calendar),
        ("remedies = [\"erase\"]", "remedies = [\"burn\"]", Named::Remedy),
        ("remedy = \"restrict\"", "remedy = \"hide\"", Named::Remedy),
        ("quarantine = \"on-decision\"", "quarantine = \"never\"", Named::Quarantine),
        ("public_class = \"order\"", "public_class = \"secret\"", Named::PublicClass),
        ("unit = \"months\"", "unit = \"moons\"", Named::Unit),
        ("set_by = \"law\"", "set_by = \"habit\"", Named::SetBy),
        ("observed = \"same-day\"", "observed = \"never\"", Named::Observed),
        ("weekend = [\"saturday\", ", "weekend = [\"sabbath\", ", Named::Weekday),
        ("day = \"1 may\"", "day = \"31 june\"", Named::DayOfYear),
    ] {
        assert_eq!(unknown(from, to), what, "{from}");
    }
}

#[test]
fn what_is_not_toml_of_this_form_is_refused_where_it_begins() {
    for (from, to) in [
        ("rolls = true", "rolls = true\ncolour = 1"),
        ("rolls = true", "rolls = yes"),
        ("title = \"Copyright", "headline = \"Copyright"),
        ("[[calendar]]\nid", "[[kalender]]\nid"),
        ("at_most = 14", "at_most = -14"),
        ("at_most = 14", "at_most = 99999999999"),
    ] {
        let error = changed(from, to).map(|_| ()).unwrap_err();
        assert!(matches!(error, RulesError::Toml { .. }), "{from}: {error}");
    }
    assert!(matches!(Rules::parse(""), Err(RulesError::Toml { .. })));
    let long = "#".repeat(MAX_RULES_BYTES + 1);
    let (found, limit) = (MAX_RULES_BYTES + 1, MAX_RULES_BYTES);
    assert_eq!(Rules::parse(&long).unwrap_err(), RulesError::TooLarge { found, limit });
}

#[test]
fn names_texts_and_numbers_have_bounds() {
    type Check = fn(&RulesError) -> bool;
    let cases: &[(&str, &str, Check)] = &[
        ("id = \"none\"", "id = \"None\"", |e| matches!(e, RulesError::Name { .. })),
        ("id = \"none\"", "id = \"\"", |e| matches!(e, RulesError::Name { .. })),
        ("code = \"abusive\"", "code = \"duplicate\"", |e| {
            matches!(e, RulesError::Repeated { .. })
        }),
        ("id = \"none\"", "id = \"target2\"", |e| matches!(e, RulesError::Repeated { .. })),
        ("id = \"signature\"", "id = \"mistake\"", |e| matches!(e, RulesError::Repeated { .. })),
        ("name = \"restore\"", "name = \"decide\"", |e| matches!(e, RulesError::Repeated { .. })),
        ("{ id = \"f\"", "{ id = \"a\"", |e| matches!(e, RulesError::Repeated { .. })),
        ("by = [\"service\", \"legal\"]", "by = [\"legal\", \"legal\"]", |e| {
            matches!(e, RulesError::Repeated { .. })
        }),
        ("title = \"Signature\"", "title = \" \"", |e| matches!(e, RulesError::Text { .. })),
        ("at_most = 14", "at_most = 0", |e| matches!(e, RulesError::Length { .. })),
        ("at_most = 14", "at_most = 1001", |e| matches!(e, RulesError::Length { .. })),
        ("at_least = 10", "at_least = 0", |e| matches!(e, RulesError::Length { .. })),
        ("at_least = 30", "at_least = 91", |e| matches!(e, RulesError::LeastAboveMost { .. })),
        ("by = 2", "by = 0", |e| matches!(e, RulesError::Length { .. })),
        ("times = 1", "times = 13", |e| matches!(e, RulesError::Length { .. })),
        ("offset_west = 60", "offset_west = 121", |e| matches!(e, RulesError::Offset { .. })),
        ("offset_east = 120", "offset_east = 841", |e| matches!(e, RulesError::Offset { .. })),
        ("calendar = \"us-federal\"", "calendar = \"none\"", |e| {
            matches!(e, RulesError::NeverClosed { .. })
        }),
        ("decides = [\"legal\"]", "decides = []", |e| matches!(e, RulesError::Empty { .. })),
        ("starts = [\"triaged\"]", "starts = []", |e| matches!(e, RulesError::Empty { .. })),
        ("grounds = [\"withdrawal\"]", "grounds = []", |e| matches!(e, RulesError::Empty { .. })),
        (
            "weekend = [\"saturday\", \"sunday\"]",
            "weekend = [\"friday\", \"saturday\", \"sunday\", \"monday\"]",
            |e| matches!(e, RulesError::Count { what: Counted::Weekend, found: 4, most: 3, .. }),
        ),
        ("optional = [\"contact-email\", ", "optional = [\"mistake\", ", |e| {
            matches!(e, RulesError::Repeated { .. })
        }),
    ];
    for (from, to, check) in cases {
        let error = changed(from, to).map(|_| ()).expect_err(from);
        assert!(check(&error), "{from}: {error}");
    }
}

#[test]
fn fields_are_asked_for_with_a_text_and_chosen_from_a_list() {
    let erasure = "id = \"erasure-ground\"";
    let error = changed_below(erasure, "title", "choices = []\ntitle").map(|_| ()).unwrap_err();
    assert!(matches!(error, RulesError::Toml { .. }), "{error}");
    let listed = "asks = \"Type your full name. It stands for your signature.\"";
    let chosen = format!("{listed}\nchoices = [{{ id = \"x\", means = \"y\" }}]");
    assert!(matches!(changed(listed, &chosen), Err(RulesError::Choices { .. })));
    let untitled = SHIPPED.replacen("[[field]]\nid = \"submission\"\ntitle = \"Submission number\"\nasks = \"If you have one.\"\n", "", 1);
    let error = Rules::parse(&untitled).map(|_| ()).unwrap_err();
    assert!(matches!(error, RulesError::FieldUntitled { .. }), "{error}");
}

#[test]
fn transitions_that_make_no_sense_alone_are_refused() {
    type Check = fn(&RulesError) -> bool;
    let destruction: Check = |e| matches!(e, RulesError::Destruction { .. });
    let cases: &[(&str, &str, Check)] = &[
        (
            "\"second-officer\", \"no-hold\", \"waiting",
            "\"second-officer\", \"waiting",
            destruction,
        ),
        ("\"second-officer\", \"no-hold\", \"reason", "\"no-hold\", \"reason", destruction),
        ("\"concerned\", \"second-officer\"", "\"second-officer\"", destruction),
        (
            "to = \"remediating\"\nby = [\"deciders\"]",
            "to = \"remediating\"\nby = [\"legal\"]",
            destruction,
        ),
        ("remedy = \"erase\"", "remedy = \"restrict\"", destruction),
        ("remedy = \"restrict\"", "remedy = \"erase\"", destruction),
        (
            "from = [\"upheld\", \"partly-upheld\"]",
            "from = [\"upheld\", \"reviewing\"]",
            destruction,
        ),
        ("needs = [\"erased\", \"reason-code\"]", "needs = [\"reason-code\"]", |e| {
            matches!(e, RulesError::DestructionUnproven { .. })
        }),
        ("[\"no-hold\", \"content-kept\", ", "[\"no-hold\", ", |e| {
            matches!(e, RulesError::RestoredUnchecked { .. })
        }),
        ("from = [\"restored\"]", "from = [\"restored\", \"closed\"]", |e| {
            matches!(e, RulesError::SameState { .. })
        }),
        ("from = [\"quarantined\"]", "from = [\"quarantined\", \"closed\"]", |e| {
            matches!(e, RulesError::OutOfFinal { .. })
        }),
        ("from = [\"received\"]", "from = [\"received\", \"beginning\"]", |e| {
            matches!(e, RulesError::Beginning { .. })
        }),
        (
            "from = [\"reopened\"]\nto = \"triaged\"",
            "from = [\"reopened\"]\nto = \"received\"",
            |e| matches!(e, RulesError::Beginning { .. }),
        ),
        ("to = \"upheld\"\nby = [\"deciders\"]", "to = \"upheld\"\nby = [\"admin\"]", |e| {
            matches!(e, RulesError::OutcomeByOthers { .. })
        }),
        ("\"locked\", \"statement-of-reasons\"", "\"locked\"", |e| {
            matches!(e, RulesError::OutcomeUnexplained { .. })
        }),
        ("reasons = [\"officer\"]", "reasons = []", |e| {
            matches!(e, RulesError::ReasonsWithoutNeed { .. })
        }),
        ("needs = [\"acknowledgement\", \"reason-code\"]", "needs = [\"acknowledgement\"]", |e| {
            matches!(e, RulesError::ReasonsWithoutNeed { .. })
        }),
    ];
    for (from, to, check) in cases {
        let error = changed(from, to).map(|_| ()).expect_err(from);
        assert!(check(&error), "{from}: {error}");
    }
}

#[test]
fn states_that_lead_nowhere_or_are_never_reached_are_refused() {
    let whole = SHIPPED.replace("divisible = true", "divisible = false");
    let state = State::PartlyUpheld;
    assert_eq!(Rules::parse(&whole).unwrap_err(), RulesError::Unreachable { state });
    let stuck = changed("from = [\"reopened\"]\nto", "from = [\"received\"]\nto").unwrap_err();
    let RulesError::NeverCloses { ground, state } = stuck else { panic!("{stuck}") };
    assert_eq!(state, State::Reopened);
    let heading = SHIPPED.lines().nth(ground.line);
    assert_eq!(heading, Some("id = \"dmca-notice\""), "the first ground that it is true of");
}

#[test]
fn an_actor_has_one_transition_between_two_states() {
    let recipients = "reasons = [\"no-recipients\"";
    let twice = changed_below(recipients, "by = [\"legal\"]", "by = [\"service\"]");
    assert!(matches!(twice, Err(RulesError::Repeated { .. })));
    let twice = changed_below(recipients, "by = [\"legal\"]", "by = [\"service\", \"legal\"]");
    assert!(matches!(twice, Err(RulesError::Repeated { .. })));
    let twice = changed(
        "reasons = [\"no-recipients\", \"recipients-confirmed\"]",
        "reasons = [\"no-recipients\"]\n[[transition]]\nfrom = [\"propagating\"]\nto = \"closed\"\n\
         by = [\"deciders\"]\nneeds = []\nreasons = []",
    );
    assert!(matches!(twice, Err(RulesError::Repeated { .. })), "deciders are legal officers");
    changed_below(recipients, "by = [\"legal\"]", "by = [\"admin\"]").unwrap();
}

#[test]
fn what_a_ground_promises_is_carried_out() {
    let unlocked = changed(
        "reasons = [\"review-begun\"]\ngrounds = [\"dsa-notice\", ",
        "reasons = [\"review-begun\"]\ngrounds = [\"withdrawal\", \"dsa-notice\", ",
    );
    assert!(matches!(unlocked, Err(RulesError::DecidedUnlocked { .. })));
    let idle = changed("remedy = \"none\"", "remedy = \"restrict\"").unwrap_err();
    let remedy = Remedy::NoRemedy;
    assert!(
        matches!(idle, RulesError::RemedyWithoutTransition { remedy: found, .. } if found == remedy)
    );
    let endless = changed("at_least = 30\n", "");
    assert!(matches!(endless, Err(RulesError::NothingToWaitFor { .. })));
    let mute = changed("reasons = [\"order-binding\"]", "reasons = [\"secret-shown\"]");
    assert!(matches!(mute, Err(RulesError::NoReason { .. })));
}

#[test]
fn times_that_cannot_end_are_refused() {
    for (from, to) in [
        ("starts = [\"triaged\"]", "starts = [\"triaged\", \"upheld\"]"),
        ("ends = [\"propagating\"]", "ends = [\"received\"]"),
    ] {
        assert!(matches!(changed(from, to), Err(RulesError::NeverEnds { .. })), "{from}");
    }
    let never = changed_below(
        "id = \"gdpr-erasure\"\ntitle = \"Personal",
        "starts = [\"propagating\"]",
        "starts = [\"countered\"]",
    );
    assert!(matches!(never, Err(RulesError::NeverEnds { .. })), "no counter-notice there");
}
