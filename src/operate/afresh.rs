//! A delivery as today's config would tell it: shown first, then posted if somebody says so.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::explained::read;
use super::{Operator, Problem};
use crate::bot::dingtalk;
use crate::checked::Checked;
use crate::core::fold::Part;
use crate::core::route::Plan;
use crate::core::source::Parsed;
use crate::store::record::{DeliveryId, DeliveryRecord, MessageId, Outbox};

/// What today's config makes of a delivery.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Afresh {
    /// The routes that match.
    pub routes: Vec<String>,
    pub drafts: Vec<Draft>,
}

/// A message that would be posted.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Draft {
    pub group: String,
    /// The first route that leads there.
    pub route: String,
    /// What would be posted, if it can be written.
    #[schema(value_type = Object)]
    pub body: Value,
    /// Why it cannot, if so: the template, the place in it, and what is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

impl Operator {
    /// Routes and renders a delivery with the config in force, and posts nothing.
    pub async fn afresh(&self, id: DeliveryId) -> Result<Afresh, Problem> {
        let record = self.record(id).await?;
        let in_force = self.current.load();
        let (parsed, routes, plans) = decide(&record, &in_force.checked)?;
        let draft = |plan: Plan| draft(&in_force.checked, &record, &parsed, plan);
        Ok(Afresh {
            routes,
            drafts: plans.into_iter().map(draft).collect(),
        })
    }

    /// Routes a delivery with the config in force, and puts it into the queues of those groups. Returns the groups.
    pub async fn post_afresh(&self, id: DeliveryId) -> Result<Vec<String>, Problem> {
        let record = self.record(id).await?;
        let in_force = self.current.load();
        let (parsed, _, plans) = decide(&record, &in_force.checked)?;
        if plans.is_empty() {
            return Err(Problem::unfit(
                format!("no route of the config in force wants delivery {id}"),
                "let a route name its event",
            ));
        }
        let rows = plans
            .into_iter()
            .map(|plan| Outbox::of(plan, &parsed.event));
        self.queue(id, rows.collect()).await
    }
}

fn decide(
    record: &DeliveryRecord,
    checked: &Checked,
) -> Result<(Parsed, Vec<String>, Vec<Plan>), Problem> {
    let parsed = read(record).map_err(|reason| {
        Problem::unfit(
            format!("the request cannot be read: {reason}"),
            "look at its payload; the version that took it in could read it",
        )
    })?;
    let source = &record.delivery.source;
    let decision = checked
        .routes
        .decide(source, &parsed.event, &parsed.payload);
    Ok((parsed, decision.routes, decision.plans))
}

fn draft(checked: &Checked, record: &DeliveryRecord, parsed: &Parsed, plan: Plan) -> Draft {
    let groups = &checked.config.groups;
    let group = groups.iter().find(|group| group.name == plan.group);
    let part = Part {
        parsed,
        plan: &plan,
        received_at: record.delivery.received_at,
        via: None,
    };
    let language = group.and_then(|group| group.language);
    let keywords = group
        .and_then(|group| group.bots.first())
        .map(|bot| bot.keywords.as_slice());
    let written = checked.composer.compose(&part, language).map(|message| {
        let key = MessageId::generate().to_string();
        dingtalk::body(&message, &key, keywords.unwrap_or_default())
    });
    let (body, problem) = match written {
        Ok(body) => (serde_json::from_str(&body).unwrap_or_default(), None),
        Err(error) => (Value::Null, Some(error.to_string())),
    };
    Draft {
        body,
        problem,
        group: plan.group,
        route: plan.route,
    }
}
