//! Bubbles that arrive while somebody looks: Server-Sent Events with the same HTML as the page.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::web::{Bytes, Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use futures_util::stream;

use super::bubble::Bubble;
use super::words::Words;
use super::{BubblePart, messages_of};
use crate::sandbox::{Sandbox, rules};

/// Everything in the group after the message that the browser has: `?after=` at first, `Last-Event-ID` when it
/// connects again.
pub(super) async fn stream(
    request: HttpRequest,
    group: Path<String>,
    sandbox: Data<Sandbox>,
) -> HttpResponse {
    let again = request.headers().get("last-event-id");
    let again = again
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned);
    let after = again.or_else(|| rules::parameter(request.query_string(), "after"));
    let listener = Listener {
        sandbox: sandbox.get_ref().clone(),
        group: group.into_inner(),
        words: Words::of(&request),
        seen: after
            .and_then(|number| number.parse().ok())
            .unwrap_or_default(),
    };
    let events = stream::unfold(listener, |mut listener| async move {
        let events = listener.next().await;
        Some((Ok::<_, std::io::Error>(events), listener))
    });
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/event-stream; charset=utf-8"))
        .insert_header((CACHE_CONTROL, "no-store"))
        .streaming(events)
}

struct Listener {
    sandbox: Sandbox,
    group: String,
    words: &'static Words,
    /// The newest message that was looked at, of any group.
    seen: u64,
}

impl Listener {
    /// Waits for a message in the group. May give several.
    async fn next(&mut self) -> Bytes {
        loop {
            let arrived = self.sandbox.messages_after(self.seen).await;
            let newest = arrived.last().map_or(self.seen, |last| last.number);
            let events = self.events(newest);
            self.seen = newest;
            if !events.is_empty() {
                return Bytes::from(events);
            }
        }
    }

    /// From the first that was not seen up to `newest`.
    fn events(&self, newest: u64) -> String {
        let messages = messages_of(&self.sandbox, &self.group);
        let mut events = String::new();
        for (index, message) in messages.iter().enumerate() {
            if message.number <= self.seen || message.number > newest {
                continue;
            }
            let before = index.checked_sub(1).map(|before| &messages[before]);
            let part = BubblePart {
                words: self.words,
                bubble: Bubble::of(message, before, self.words),
            };
            match part.render() {
                Ok(html) => events.push_str(&event(message.number, &html)),
                Err(error) => {
                    tracing::error!(%error, "a message of the sandbox could not be drawn")
                }
            }
        }
        events
    }
}

fn event(number: u64, html: &str) -> String {
    let data: String = html.lines().map(|line| format!("data: {line}\n")).collect();
    format!("id: {number}\n{data}\n")
}
