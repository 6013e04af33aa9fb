//! The month's posts: how many an organisation has, and how many are used.
//!
//! DingTalk's billing pages count the messages of custom bots by organisation and month
//! (dingtalk-application-development-platform-billing-model) and do not say in which time zone a month begins. China's
//! is assumed here, where DingTalk is at home.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};

/// Posts that an organisation has in a month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowance {
    pub monthly: u32,
    /// Percentages at which less is posted, ascending, each of 1 to 99.
    pub warn_at: Vec<u8>,
}

/// Default of [`Allowance::warn_at`].
pub const WARN_AT: [u8; 2] = [70, 90];

/// The day that a post is counted on. China has no summer time.
pub fn day(now: Timestamp) -> Date {
    let china = TimeZone::fixed(Offset::constant(8));
    now.to_zoned(china).date()
}
