//! What DingTalk's answers mean: one table, and what to do when there is no errcode at all.
//!
//! DingTalk answers with HTTP 200 to almost everything; only `errcode` tells (custom-robots-send-group-messages).
//! Codes come from that page and from server-api-error-codes-1 where no other origin is noted.

use std::error::Error;
use std::ops::RangeInclusive;
use std::time::Duration;

use serde_json::Value;

use Outcome::{Posted, Refused};

use crate::bot::{Answer, Outcome, Refusal, Retry};
use crate::core::json::Lookup;

/// How long DingTalk refuses everything from an address that made too many calls (call-frequency-limit).
const ADDRESS_BLOCK: Duration = Duration::from_secs(5 * 60);

const BACKOFF: Outcome = Outcome::Retry(Retry::Backoff);
const ONCE: Outcome = Outcome::Retry(Retry::Times(1));
const REST: Outcome = Outcome::Retry(Retry::RestBot);
const REST_ALL: Outcome = Outcome::Retry(Retry::RestAll(ADDRESS_BLOCK));
const BOT: Outcome = Refused(Refusal::Bot);
const MESSAGE: Outcome = Refused(Refusal::Message);
const CONTENT: Outcome = Refused(Refusal::Content);
const RESIGN: Outcome = Outcome::Retry(Retry::Resign);

type Row = (RangeInclusive<i64>, Outcome, &'static str);

/// Codes with one meaning. The first row that holds a code counts.
const CODES: &[Row] = &[
    (0..=0, Posted, "Posted."),
    (
        -1..=-1,
        Outcome::Retry(Retry::Times(3)),
        "DingTalk is busy; the message is sent again.",
    ),
    // developerpedia, on retrying: the old gateway's time-out; the message may have gone through.
    (
        15..=15,
        BACKOFF,
        "DingTalk's gateway timed out; the message is sent again and does not appear twice.",
    ),
    (
        404..=404,
        BOT,
        "DingTalk does not know this address: paste the bot's webhook URL again.",
    ),
    (
        33001..=33001,
        BOT,
        "DingTalk does not know the bot's organisation: make a new bot and use its webhook URL.",
    ),
    (
        40014..=40014,
        BOT,
        "DingTalk does not accept the access token: paste the bot's webhook URL again.",
    ),
    (
        42001..=42001,
        BOT,
        "The access token has expired: it must be the one of a custom bot's webhook URL.",
    ),
    (
        43002..=43002,
        BOT,
        "DingTalk got no POST request: something between Hookbell and DingTalk changes requests.",
    ),
    (
        43004..=43005,
        BOT,
        "DingTalk got another content type than was sent: something in between changes requests.",
    ),
    (
        43009..=43009,
        BOT,
        "DingTalk got a body that is not JSON: something in between changes requests.",
    ),
    // how-to-process-api-throttling-on-the-dingtalk-server
    (
        90018..=90018,
        REST,
        "DingTalk allows no more calls in this second; the bot rests.",
    ),
    (
        90020..=90020,
        BOT,
        "The organisation's monthly quota is used up: raise it in DingTalk, or wait for next month.",
    ),
    (
        90001..=90014,
        REST,
        "DingTalk has blocked calls of this kind for the moment; the bot rests.",
    ),
    // Seen in issue threads of other projects.
    (
        101002..=101002,
        MESSAGE,
        "DingTalk finds the message too long: shorten its template.",
    ),
    (
        130101..=130101,
        REST,
        "The bot sent more than 20 messages in a minute; it rests.",
    ),
    (
        300001..=300001,
        BOT,
        "DingTalk does not know the access token: the bot was removed, or the URL is wrong.",
    ),
    (
        300005..=300005,
        BOT,
        "DingTalk does not know the access token: the bot was removed, or the URL is wrong.",
    ),
    (
        400007..=400007,
        BOT,
        "DingTalk says that the caller did not create the app: use a custom bot's webhook URL.",
    ),
    (
        400013..=400013,
        BOT,
        "The group was disbanded: remove it from the configuration, or give it a new bot.",
    ),
    (
        400101..=400101,
        BOT,
        "The access token does not exist: paste the bot's webhook URL again.",
    ),
    (
        400102..=400102,
        BOT,
        "The bot is switched off: switch it on in the group's settings.",
    ),
    (
        400105..=400105,
        MESSAGE,
        "DingTalk does not take this type of message from this bot: choose another in its template.",
    ),
    (
        400106..=400106,
        BOT,
        "The bot was removed from the group: add one and use its webhook URL.",
    ),
    (410100..=410100, REST, "The bot sent too fast; it rests."),
    (
        430101..=430101,
        CONTENT,
        "DingTalk finds a link in the message unsafe: leave it out.",
    ),
    (
        430102..=430102,
        CONTENT,
        "DingTalk finds the message's text improper: change it.",
    ),
    (
        430103..=430103,
        CONTENT,
        "DingTalk finds a picture in the message improper: leave it out.",
    ),
    (
        430104..=430104,
        CONTENT,
        "DingTalk finds the message's content improper: change it.",
    ),
    // Seen in issue threads of other projects.
    (
        460101..=460101,
        MESSAGE,
        "DingTalk finds the message too long: shorten its template.",
    ),
    // Documented for group templates; for custom bots, three projects read it as the limit per minute.
    (660026..=660026, REST, "The bot sent too fast; it rests."),
];

/// 310000 by its wording, lower-cased: the code alone does not tell which security setting failed. The order matters,
/// because the newer wording about the signature also names the timestamp.
const SECURITY: &[(&[&str], Outcome, &str)] = &[
    (
        &["keyword", "关键词"],
        BOT,
        "The message holds none of the bot's keywords: put one of them into the bot's keywords in the configuration.",
    ),
    (
        &["whitelist", "白名单"],
        BOT,
        "The bot accepts other addresses only: add this server's public IPv4 address to the bot's IP list.",
    ),
    (
        &["sign not match", "签名不匹配"],
        BOT,
        "The signature does not match: paste the bot's secret (SEC…) again.",
    ),
    (
        &["timestamp", "时间戳", "过期"],
        RESIGN,
        "DingTalk finds the time of the signature wrong: set this server's clock.",
    ),
    (
        &["sign", "签名"],
        BOT,
        "The bot wants signed messages: paste its secret (SEC…) again.",
    ),
    (
        &[""],
        BOT,
        "One of the bot's security settings refuses the message: compare them with the configuration.",
    ),
];

/// Statuses that come without an errcode.
const STATUSES: &[(RangeInclusive<u16>, Outcome, &str)] = &[
    (
        200..=299,
        REST_ALL,
        "DingTalk refuses everything from this address for a while; all bots rest.",
    ),
    (
        300..=399,
        BOT,
        "The webhook's address sends elsewhere: paste the URL that DingTalk shows for the bot.",
    ),
    (
        408..=408,
        BACKOFF,
        "DingTalk waited too long for the request; the message is sent again.",
    ),
    (
        413..=413,
        MESSAGE,
        "The message is too long: shorten its template.",
    ),
    (429..=429, REST, "The bot sent too fast; it rests."),
    (
        400..=499,
        BOT,
        "The webhook's address refuses the request: paste the URL that DingTalk shows for the bot.",
    ),
    (
        500..=599,
        BACKOFF,
        "DingTalk is out of order; the message is sent again and does not appear twice.",
    ),
];

/// What an answer means.
pub(super) fn of_response(status: u16, body: &str) -> Answer {
    let json: Value = serde_json::from_str(body).unwrap_or_default();
    if let Some(code) = errcode(&json) {
        return of_code(code, &json);
    }
    // The guard against too many calls answers with an object of its own: {"status":1111,"punish":"deny",…}
    let blocked = json.text("status").as_deref() == Some("1111");
    let (outcome, sentence) = if blocked {
        of_status(200)
    } else {
        of_status(status)
    };
    Answer {
        outcome,
        code: Some(format!("HTTP {status}")),
        sentence: sentence.to_owned(),
    }
}

/// A number, or the same as text: DingTalk's own sample has it as text.
fn errcode(json: &Value) -> Option<i64> {
    match json.at("errcode") {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

fn of_code(code: i64, json: &Value) -> Answer {
    let wording = json.line("errmsg").unwrap_or_default();
    let (outcome, sentence) = match code {
        310000 => of_security(&wording),
        40035 => of_missing_parameter(&wording),
        88 => of_gateway(json),
        _ => match CODES.iter().find(|(codes, ..)| codes.contains(&code)) {
            Some((_, outcome, sentence)) => (*outcome, (*sentence).to_owned()),
            None => (ONCE, unknown(code, &wording)),
        },
    };
    Answer {
        outcome,
        code: Some(code.to_string()),
        sentence,
    }
}

fn of_security(wording: &str) -> (Outcome, String) {
    let wording = wording.to_lowercase();
    let row = SECURITY
        .iter()
        .find(|(words, ..)| words.iter().any(|word| wording.contains(word)))
        .expect("the last row holds every wording");
    (row.1, row.2.to_owned())
}

fn of_missing_parameter(wording: &str) -> (Outcome, String) {
    if wording.contains("access_token") {
        let sentence =
            "The webhook's address has no access token: paste the bot's webhook URL again.";
        return (BOT, sentence.to_owned());
    }
    let sentence = "DingTalk misses something in the message: look at its template.";
    (MESSAGE, sentence.to_owned())
}

/// 88 of the old gateway: without a sub code it is a time-out (server-api-error-codes-1).
fn of_gateway(json: &Value) -> (Outcome, String) {
    if json.has("sub_code") && json.text("sub_code").is_some() {
        let sentence = "DingTalk's gateway does not accept the access token: paste the bot's webhook URL again.";
        return (BOT, sentence.to_owned());
    }
    let sentence =
        "DingTalk's gateway timed out; the message is sent again and does not appear twice.";
    (BACKOFF, sentence.to_owned())
}

fn unknown(code: i64, wording: &str) -> String {
    let known = format!("DingTalk answered with a code that Hookbell does not know, {code}");
    // A proxy may quote the request's address, with the signature in it.
    if wording.is_empty() || wording.contains("sign=") {
        return format!("{known}.");
    }
    let wording: String = wording.chars().take(200).collect();
    format!("{known}: {wording}")
}

fn of_status(status: u16) -> (Outcome, &'static str) {
    STATUSES
        .iter()
        .find(|(statuses, ..)| statuses.contains(&status))
        .map_or(
            (BACKOFF, "DingTalk gave no final answer."),
            |(_, outcome, sentence)| (*outcome, sentence),
        )
}

/// What it means that there was no answer.
pub(super) fn of_failure(error: &reqwest::Error, host: &str) -> Answer {
    let obstacle = obstacle(error, host);
    let sentence = if error.is_timeout() {
        format!("{obstacle}; the message is sent again and does not appear twice.")
    } else if obstacle.contains(": ") {
        format!("{obstacle}.")
    } else {
        format!("{obstacle}; the message is sent again.")
    };
    Answer {
        outcome: BACKOFF,
        code: None,
        sentence,
    }
}

/// What kept an answer from coming, and where to look if that is known. Nothing of the error's text is shown: it holds
/// the address.
pub(super) fn obstacle(error: &reqwest::Error, host: &str) -> String {
    let causes = causes(error).to_lowercase();
    let named = |words: &[&str]| words.iter().any(|word| causes.contains(word));
    if error.is_timeout() {
        format!("{host} took too long to answer")
    } else if named(&["dns error", "failed to lookup", "name or service not known"]) {
        format!("The name {host} cannot be resolved: look at this server's DNS and network")
    } else if named(&["certificate", "tls", "fatal alert", "corrupt message"]) {
        format!(
            "No safe connection to {host}: look at this server's root certificates, or at a proxy in between"
        )
    } else if error.is_connect() {
        format!("{host} cannot be reached: look at this server's network and firewall")
    } else {
        format!("The connection to {host} broke before an answer came")
    }
}

fn causes(error: &reqwest::Error) -> String {
    let mut text = String::new();
    let mut cause: Option<&dyn Error> = error.source();
    while let Some(error) = cause {
        text.push_str(&error.to_string());
        text.push('\n');
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests;
