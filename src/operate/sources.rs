//! Sources: what comes in.

use serde::Serialize;
use utoipa::ToSchema;

use super::Operator;

/// A source, now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SourceState {
    pub name: String,
    /// The vendor.
    #[schema(value_type = String)]
    pub kind: &'static str,
    /// Where the vendor posts to, at `server.listen`.
    pub path: String,
}

impl Operator {
    /// All sources of the config, in its order.
    pub fn sources(&self) -> Vec<SourceState> {
        let in_force = self.current.load();
        let sources = in_force.checked.config.sources.iter();
        sources
            .map(|source| SourceState {
                name: source.name.clone(),
                kind: source.kind.name(),
                path: format!("/hooks/{}", source.name),
            })
            .collect()
    }
}
