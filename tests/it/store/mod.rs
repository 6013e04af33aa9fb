//! What every store promises, tested through the trait alone. A test is a function of a [`Database`]; the list below
//! runs each of them on each kind of database.

mod accept;
mod figures;
mod kill;
mod message;
pub mod postgres;
mod queue;
mod replicas;
mod run;
mod sample;
mod search;
mod upkeep;

use hookbell::store::Store;
use hookbell::store::sqlite::Sqlite;
use tempfile::TempDir;

/// A database of its own for one test, that can be opened again after its store was dropped.
trait Database {
    fn open(&self) -> Box<dyn Store>;
}

struct SqliteFile(TempDir);

impl SqliteFile {
    fn new() -> SqliteFile {
        SqliteFile(TempDir::new().unwrap())
    }
}

impl Database for SqliteFile {
    fn open(&self) -> Box<dyn Store> {
        Box::new(Sqlite::open(&self.0.path().join("hookbell.db")).unwrap())
    }
}

macro_rules! contract {
    ($($part:ident: $($test:ident),+;)+) => {
        mod sqlite {
            $(mod $part {
                $(#[tokio::test]
                async fn $test() {
                    crate::store::$part::$test(&crate::store::SqliteFile::new()).await;
                })+
            })+
        }

        mod on_postgres {
            $(mod $part {
                $(#[tokio::test]
                async fn $test() {
                    if let Some(schema) = crate::store::postgres::Schema::create() {
                        crate::store::$part::$test(&schema).await;
                    }
                })+
            })+
        }
    };
}

contract! {
    accept:
        keeps_all_of_a_delivery_over_a_restart,
        recognizes_the_vendors_id_at_any_time,
        recognizes_equal_content_for_ten_minutes,
        tells_sources_apart,
        a_redelivery_of_one_that_failed_is_sent_again,
        a_redelivery_of_one_that_no_route_wanted_is_routed_now,
        concurrent_deliveries_are_all_durable,
        of_equal_deliveries_at_once_one_is_new,
        rows_of_a_thread_are_held_back_until_the_window_of_the_first_ends;
    queue:
        urgent_rows_go_first_and_the_others_in_order,
        groups_do_not_wait_for_each_other,
        one_worker_at_a_time_has_a_group,
        a_group_is_free_when_nothing_is_due_or_it_is_given_up,
        a_group_stays_taken_while_a_post_may_run,
        in_quiet_times_only_what_is_urgent_is_given,
        what_is_never_folded_can_be_asked_for_alone,
        the_head_row_tells_how_much_is_behind_it,
        rows_are_moved_to_another_group_and_tell_whence,
        a_time_far_ahead_was_written_by_a_clock_set_back_since;
    message:
        a_retry_keeps_its_place_and_its_words,
        a_message_that_surely_was_not_posted_is_dissolved,
        a_message_whose_attempt_was_cut_off_is_due_at_its_timeout,
        an_urgent_row_passes_a_message_in_a_retry_pause,
        a_digest_settles_all_its_rows,
        rows_of_a_dissolved_digest_wait_in_their_places,
        the_plain_form_takes_the_place_of_a_refused_body,
        a_posted_row_is_never_given_again,
        a_message_settled_by_somebody_else_gets_no_attempt,
        a_bot_gets_its_limit_and_then_waits_also_over_a_restart,
        an_attempt_without_an_end_counts_from_its_timeout,
        test_messages_count_against_the_limit,
        no_minute_at_the_service_holds_more_than_the_limit,
        a_resting_bot_gets_no_slot,
        posts_are_counted_by_day_and_the_month_ends_with_its_budget;
    run:
        a_run_is_compared_with_the_last_of_its_pipeline_also_over_a_restart,
        a_repetition_of_a_delivery_is_no_run,
        runs_at_once_are_all_counted,
        while_a_pipeline_flaps_only_urgent_rows_are_made,
        a_repetition_of_what_was_hushed_stays_hushed,
        a_run_that_no_route_wants_counts_and_keeps_its_reason;
    figures:
        arrivals_are_counted_by_source_and_time,
        posts_are_counted_by_group_and_time,
        a_chat_is_read_page_by_page_without_gap,
        a_digest_in_a_chat_tells_how_much_and_of_what,
        plans_are_counted_among_the_newest_rows;
    search:
        pages_follow_each_other_without_gap_both_ways,
        each_condition_leaves_out_what_it_does_not_fit,
        an_outcome_is_looked_for_in_the_group_that_is_asked_for,
        words_are_found_in_titles_and_repositories_whatever_their_case,
        the_vendors_id_finds_its_delivery_and_ours_too,
        a_time_is_looked_for_by_the_time_of_receipt,
        a_long_search_tells_how_far_it_is_and_goes_on,
        tells_how_a_sender_was_known;
    upkeep:
        dead_letters_wait_for_a_person_with_their_reason,
        a_retried_dead_letter_is_as_new_under_its_old_id,
        a_discarded_dead_letter_is_settled,
        a_replay_adds_rows,
        pages_follow_each_other_without_gap,
        dead_letters_are_told_by_what_they_died_of,
        tells_what_waits,
        retention_spares_what_waits_or_is_dead,
        retention_counts_from_the_post_and_not_from_the_receipt,
        what_is_forgotten_gives_its_room_back,
        is_ready;
}
