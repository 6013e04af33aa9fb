//! Groups, their chats, and test messages.

use actix_web::web::{Data, Json, Path, Query};
use actix_web::{get, post};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::{Answer, ErrorBody};
use crate::core::message::Message;
use crate::operate::groups::{Chat, GroupDetail, GroupState, TestAnswer};
use crate::operate::{Operator, Problem};

/// Messages of a chat in one answer, unless fewer are asked for.
const MOST: u32 = 100;

/// The groups of the config: how busy their bots are, and what waits.
#[utoipa::path(responses((status = 200, body = [GroupState]), (status = 503, body = ErrorBody)))]
#[get("/api/groups")]
pub async fn groups(operator: Data<Operator>) -> Answer<Vec<GroupState>> {
    Ok(Json(operator.groups().await?))
}

/// One group with its settings.
#[utoipa::path(
    params(("name" = String, Path, description = "Its name in the config")),
    responses((status = 200, body = GroupDetail), (status = 404, body = ErrorBody))
)]
#[get("/api/groups/{name}")]
pub async fn group(operator: Data<Operator>, name: Path<String>) -> Answer<GroupDetail> {
    Ok(Json(operator.group(&name).await?))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Page {
    /// `older` of an earlier answer, for what came before that.
    before: Option<String>,
    /// 100 at most.
    limit: Option<u32>,
}

/// What was posted to a group, the oldest first.
#[utoipa::path(
    params(("name" = String, Path, description = "Its name in the config"), Page),
    responses((status = 200, body = Chat), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody))
)]
#[get("/api/groups/{name}/messages")]
pub async fn messages(
    operator: Data<Operator>,
    name: Path<String>,
    page: Query<Page>,
) -> Answer<Chat> {
    let limit = page.limit.unwrap_or(MOST).min(MOST);
    let chat = operator.chat(&name, page.before.as_deref(), limit).await?;
    Ok(Json(chat))
}

/// A test message.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TestMessage {
    /// Posted as it is.
    text: String,
}

/// Posts a test message through every bot of a group.
#[utoipa::path(
    params(("name" = String, Path, description = "Its name in the config")),
    request_body = TestMessage,
    responses((status = 200, body = [TestAnswer]), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody))
)]
#[post("/api/groups/{name}/test")]
pub async fn test_message(
    operator: Data<Operator>,
    name: Path<String>,
    message: Json<TestMessage>,
) -> Answer<Vec<TestAnswer>> {
    if message.text.trim().is_empty() {
        return Err(
            Problem::unfit("a test message needs some text", "write a word into `text`").into(),
        );
    }
    let message = Message::plain(&message.text);
    Ok(Json(operator.send(&name, &message).await?))
}
