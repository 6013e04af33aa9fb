//! The routes in their order, and how often each led somewhere lately.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::Operator;
use crate::core::route::{Plan, Route};
use crate::store::StoreError;

/// Messages that are looked at: enough to tell a route that is never used, and few enough to count at every look.
const NEWEST: u32 = 20_000;

/// All routes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RouteTable {
    /// How many of the newest entries of the outbox were counted.
    pub counted: u32,
    /// When the oldest of their deliveries came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    pub routes: Vec<RouteRow>,
}

/// A route of the config.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RouteRow {
    /// Its place in the order, from 1.
    pub place: usize,
    pub name: String,
    pub conditions: Vec<Condition>,
    /// The groups that it leads to.
    pub to: Vec<String>,
    pub mention: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    pub is_urgent: bool,
    pub is_final: bool,
    /// How often it led to a group, among those that were counted.
    pub matched: u32,
    /// When the last delivery came that it matched, among these.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<Timestamp>,
}

/// What a route asks of an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Condition {
    pub key: String,
    pub wants: String,
}

/// How often a route led somewhere, and when last.
type Use = (u32, Option<Timestamp>);

impl Operator {
    pub async fn routes(&self) -> Result<RouteTable, StoreError> {
        let plans = self.store.plans(NEWEST).await?;
        let mut uses: HashMap<String, Use> = HashMap::new();
        for count in &plans.counts {
            // What a later version wrote there is nobody's fault, and counts for no route.
            let plan: Plan = serde_json::from_str(&count.plan).unwrap_or_default();
            for route in std::iter::once(plan.route).chain(plan.joined) {
                let (rows, last) = uses.entry(route).or_default();
                *rows += count.rows;
                *last = (*last).max(Some(count.last));
            }
        }
        let in_force = self.current.load();
        let routes = in_force.checked.routes.iter().zip(1..);
        Ok(RouteTable {
            counted: plans.counts.iter().map(|count| count.rows).sum(),
            since: plans.since,
            routes: routes
                .map(|(route, place)| row(route, place, &uses))
                .collect(),
        })
    }
}

fn row(route: &Route, place: usize, uses: &HashMap<String, Use>) -> RouteRow {
    let spec = route.spec();
    let (matched, last) = uses.get(&spec.name).copied().unwrap_or_default();
    let conditions = route.conditions().map(|(key, wants)| Condition {
        key: key.to_owned(),
        wants,
    });
    RouteRow {
        place,
        name: spec.name.clone(),
        conditions: conditions.collect(),
        to: spec.to.clone(),
        mention: spec.mention.clone(),
        template: spec.template.clone(),
        is_urgent: spec.urgent,
        is_final: spec.is_final,
        matched,
        last,
    }
}
