//! What every store promises, tested through the trait alone. A test is a function of a [`Database`]; the list below
//! runs each of them on each kind of database.

mod accept;
mod kill;
mod queue;
mod sample;
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
        of_equal_deliveries_at_once_one_is_new;
    queue:
        urgent_rows_go_first_and_the_others_in_order,
        groups_do_not_wait_for_each_other,
        a_leased_row_is_free_again_when_the_lease_expires,
        a_retry_keeps_its_place_and_its_words,
        a_row_stays_with_the_bot_that_may_have_posted_it,
        a_row_whose_attempt_was_cut_off_stays_with_its_bot,
        an_urgent_row_passes_one_in_a_retry_pause,
        a_posted_row_is_never_leased_again,
        a_row_settled_by_somebody_else_gets_no_attempt,
        a_bot_gets_its_limit_and_then_waits_also_over_a_restart,
        an_attempt_without_an_end_counts_from_its_timeout,
        test_messages_count_against_the_limit,
        no_minute_at_the_service_holds_more_than_the_limit,
        without_a_slot_the_row_is_free_for_an_urgent_one_to_pass,
        a_resting_bot_gets_no_slot;
    upkeep:
        dead_letters_wait_for_a_person_with_their_reason,
        a_retried_dead_letter_is_as_new_under_its_old_id,
        a_discarded_dead_letter_is_settled,
        a_replay_adds_rows,
        pages_follow_each_other_without_gap,
        lists_are_filtered_and_tell_what_became_of_the_rows,
        tells_what_waits,
        retention_spares_what_waits_or_is_dead,
        retention_counts_from_the_post_and_not_from_the_receipt,
        is_ready;
}
