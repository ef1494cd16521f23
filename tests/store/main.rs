//! One suite for every ledger: what the port promises, whichever engine keeps it.

#![forbid(unsafe_code)]
// Everything here is a test.
#![allow(clippy::unwrap_used)]

mod append;
mod candidates;
mod engine;
mod growth;
mod matters;
mod preconditions;
mod records;
mod sessions;
mod standings;

use engine::{Engine, Sqlite};

/// Makes a test of each function for each engine.
macro_rules! suite {
    ($engine:ident, $type:ty: $($module:ident { $($test:ident),+ $(,)? })+) => {
        mod $engine {
            use super::*;
            $(mod $module {
                use super::*;
                $(
                    #[tokio::test(flavor = "multi_thread")]
                    async fn $test() {
                        super::super::$module::$test(&<$type as Engine>::fresh().await).await;
                    }
                )+
            })+
        }
    };
}

suite! { sqlite, Sqlite:
    append {
        an_empty_ledger_has_no_head,
        entries_get_positions_in_order,
        a_statement_has_one_position,
        a_batch_is_found_by_its_name,
        nothing_new_makes_no_batch,
        a_batch_that_fails_leaves_nothing,
        entries_about_a_subject_come_in_pages,
        payloads_are_kept_with_their_entry,
        another_instance_reads_the_same,
        two_instances_append_at_once,
    }
    growth {
        tiles_and_edge_follow_the_tree,
        a_second_level_becomes_full,
    }
    matters {
        cases_and_orders_come_in_pages,
        a_withdrawal_is_due_a_case_until_it_has_one,
        what_is_left_in_a_case_is_what_nothing_stops,
    }
    preconditions {
        a_key_must_be_at_its_version,
        a_key_is_enrolled_once,
        a_submission_belongs_to_whoever_came_first,
        a_withdrawn_submission_accepts_what_may_follow,
        an_invitation_is_used_once,
        the_first_key_is_enrolled_when_nobody_is,
        an_administrator_remains,
        a_draft_belongs_to_whoever_began_it,
        a_policy_must_be_in_force,
        the_first_fact_that_fails_is_named,
        what_a_dropped_candidate_would_change_does_not_happen,
    }
    records {
        keys_are_listed_by_enrolment,
        submissions_are_listed_newest_first,
        staged_payloads_wait_for_their_statement,
        manifests_are_recorded_once,
        invitations_are_known_by_their_digest,
        open_invitations_are_listed,
        a_first_invitation_replaces_those_before,
        drafts_are_counted_until_their_statement,
        abandoned_drafts_are_found_until_they_are_cleared,
        token_ids_are_spent_once,
        policies_follow_each_other,
        a_ledger_answers_pings,
    }
    sessions {
        a_session_is_found_by_its_secret_until_it_is_over,
        a_key_has_so_many_sessions,
        sessions_end_with_their_key,
        an_identity_is_one_person_s_until_that_person_is_erased,
    }
    standings {
        within_a_batch_the_last_word_counts,
        a_decision_is_due_after_an_accepting_review,
        new_rules_make_decisions_due_about_what_is_cleared,
        a_complete_submission_is_scanned_once_and_again_after_new_words,
        a_decision_rests_on_the_holds_and_cases_it_saw,
        a_hold_or_case_that_comes_keeps_a_decision_due,
        a_case_locks_what_it_opens_about_if_it_says_so,
    }
}
