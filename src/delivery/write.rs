//! Rows become a message: the stored request is read again and put into words.

use crate::core::compose::Composer;
use crate::core::fold::Part;
use crate::core::message::Message;
use crate::core::route::Plan;
use crate::core::source::{self, Parsed, RawRequest};
use crate::core::template::Language;
use crate::store::record::Leased;

/// The message that tells one row; what is wrong with it in a sentence where it cannot be written.
pub fn single(
    composer: &Composer,
    row: &Leased,
    language: Option<Language>,
) -> Result<Message, String> {
    let (parsed, plan) = read(row)?;
    let part = Part {
        parsed: &parsed,
        plan: &plan,
        received_at: row.delivery.received_at,
        via: row.via.as_ref(),
    };
    composer
        .compose(&part, language)
        .map_err(|error| error.to_string())
}

fn read(row: &Leased) -> Result<(Parsed, Plan), String> {
    let request = RawRequest {
        headers: row.payload.headers.clone(),
        query: Vec::new(),
        body: row.payload.body.clone(),
    };
    let mut parsed = source::of(row.delivery.kind)
        .parse(&request)
        .map_err(|error| error.to_string())?;
    if let Some(repeat) = &row.delivery.repeat {
        parsed.event.tell(repeat.clone());
    }
    let plan = serde_json::from_str(&row.outbox.plan).map_err(|error| error.to_string())?;
    Ok((parsed, plan))
}
