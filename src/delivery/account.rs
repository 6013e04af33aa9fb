//! The month's budget, as one group sees it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::{Span, Timestamp};

use crate::core::budget::{self, Allowance, PostsByDay, Stage};
use crate::store::queue::Budget;
use crate::store::{Store, StoreError};

/// How old the count may be by which a group sets its pace. The store counts exactly before each post.
const REFRESH: Duration = Duration::from_secs(60);

/// The organisation that pays for a group's posts, and what is left.
pub struct Account {
    /// Empty where the group belongs to none.
    pub organization: String,
    /// `None` where it is not limited.
    pub allowance: Option<Allowance>,
    /// How many groups share the allowance.
    pub groups: usize,
    /// Posts in a month of single bots, by their ids.
    pub bots: HashMap<String, u32>,
}

impl Account {
    /// What a post through this bot is counted under.
    pub fn budget(&self, bot: &str, now: Timestamp) -> Budget {
        Budget {
            organization: self.organization.clone(),
            of_organization: self.allowance.as_ref().map(|allowance| allowance.monthly),
            of_bot: self.bots.get(bot).copied(),
            ..Budget::unlimited(budget::day(now))
        }
    }
}

/// The last count.
#[derive(Default)]
pub struct Ledger {
    counted_at: Option<Timestamp>,
    posts: PostsByDay,
}

impl Ledger {
    /// How long the group waits between messages; [`None`] while nothing is held.
    pub fn pace(&self, account: &Account, now: Timestamp) -> Option<Duration> {
        let allowance = account.allowance.as_ref()?;
        allowance.pace(budget::used(&self.posts, now), account.groups, now)
    }

    pub fn is_spent(&self, account: &Account, now: Timestamp) -> bool {
        let used = budget::used(&self.posts, now);
        let allowance = account.allowance.as_ref();
        allowance.is_some_and(|allowance| allowance.stage(used) == Stage::Spent)
    }

    /// One more was posted since the last count.
    pub fn add(&mut self, now: Timestamp) {
        *self.posts.entry(budget::day(now)).or_default() += 1;
    }

    /// Counts anew, if the last count is old.
    pub async fn refresh(
        &mut self,
        account: &Account,
        store: &dyn Store,
        warnings: &Warnings,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let is_fresh = |at: Timestamp| now.duration_since(at).unsigned_abs() < REFRESH;
        let Some(allowance) = &account.allowance else {
            return Ok(());
        };
        if self.counted_at.is_some_and(is_fresh) {
            return Ok(());
        }
        // A week tells the rate, also across the start of a month.
        let today = budget::day(now);
        let week_ago = today.saturating_sub(Span::new().days(7));
        let since = week_ago.min(today.first_of_month());
        self.posts.clear();
        for usage in store.usage(since).await? {
            if usage.organization == account.organization {
                *self.posts.entry(usage.day).or_default() += usage.posts;
            }
        }
        self.counted_at = Some(now);
        warnings.tell(&account.organization, allowance, &self.posts, now);
        Ok(())
    }
}

/// How far each organisation's budget was used up when it was last told, so that the groups that share it tell it once.
#[derive(Default)]
pub struct Warnings(Mutex<HashMap<String, Stage>>);

impl Warnings {
    fn tell(&self, organization: &str, allowance: &Allowance, posts: &PostsByDay, now: Timestamp) {
        let stage = allowance.stage(budget::used(posts, now));
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = told.insert(organization.to_owned(), stage);
        let sentence = allowance.sentence(posts, now);
        match stage {
            _ if before == Some(stage) => {}
            Stage::Free => tracing::info!(organization, sentence, "monthly budget"),
            Stage::Warned(percent) => tracing::warn!(
                organization,
                percent,
                sentence,
                "monthly budget nearly used; what is not urgent is told in digests"
            ),
            Stage::Spent => tracing::error!(
                organization,
                sentence,
                "monthly budget used up; nothing is posted before the month ends"
            ),
        }
    }
}
