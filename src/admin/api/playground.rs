//! The template playground.

use actix_web::post;
use actix_web::web::{Data, Json};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Answer, ErrorBody};
use crate::core::event::Kind;
use crate::core::template::Language;
use crate::operate::playground::{Bench, Draft, Origin};
use crate::operate::{Operator, Problem};
use crate::store::record::DeliveryId;

/// A template that somebody is writing, and what it is to tell of: a `delivery`, or a `kind` with a `payload`, or that
/// vendor's example where there is none.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Attempt {
    delivery: Option<Uuid>,
    /// `github`, `gitlab`, `jira`, `codeup` or `travis`.
    kind: Option<String>,
    /// By their names.
    #[serde(default)]
    headers: std::collections::BTreeMap<String, String>,
    #[schema(value_type = Option<Object>)]
    payload: Option<Value>,
    /// `en/github/push.hbs`; the one that the event would get, where there is none.
    #[serde(default)]
    path: String,
    /// Its text; the one that is in force, where there is none.
    text: Option<String>,
    /// The group that is told.
    group: Option<String>,
    /// What the remarks are written in: `en` or `zh`.
    language: Option<String>,
}

/// The message that a template makes, with what the linter says. Nothing is posted or stored.
#[utoipa::path(
    request_body = Attempt,
    responses((status = 200, body = Bench), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody))
)]
#[post("/api/playground")]
pub async fn try_template(operator: Data<Operator>, given: Json<Attempt>) -> Answer<Bench> {
    let given = given.into_inner();
    let kind = given.kind.as_deref().map(|name| {
        Kind::from_name(name).ok_or_else(|| {
            let names: Vec<&str> = Kind::ALL.into_iter().map(Kind::name).collect();
            Problem::unfit(
                format!("there is no kind `{name}`"),
                format!("kinds are {}", names.join(", ")),
            )
        })
    });
    let origin = match (given.delivery, kind.transpose()?, given.payload) {
        (Some(id), ..) => Origin::Delivery(DeliveryId(id)),
        (None, Some(kind), None) => Origin::Sample(kind),
        (None, Some(kind), Some(payload)) => Origin::Pasted {
            kind,
            headers: given
                .headers
                .into_iter()
                .map(|(name, value)| (name.to_ascii_lowercase(), value))
                .collect(),
            payload: payload.to_string(),
        },
        (None, None, _) => {
            return Err(Problem::unfit(
                "nothing is said that could be told",
                "give a `delivery`, or a `kind` with or without a `payload`",
            )
            .into());
        }
    };
    let language = given.language.as_deref().and_then(Language::from_name);
    let draft = Draft {
        origin,
        path: given.path,
        text: given.text,
        group: given.group,
        reader: language.unwrap_or_default(),
    };
    Ok(Json(operator.try_template(draft).await?))
}
