//! What the sender of a webhook is told.

use actix_web::http::StatusCode;
use serde_json::{Value, json};

use crate::core::source::{ParseError, VerifyError};
use crate::store::StoreError;
use crate::store::record::DeliveryId;

/// The request was taken in and is durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Receipt {
    /// Some group will hear of it.
    Accepted { id: DeliveryId, routes: Vec<String> },
    /// Seen before and not failed since.
    Duplicate { id: DeliveryId },
    /// Kept, but no group will hear of it.
    Ignored { id: DeliveryId, why: String },
}

impl Receipt {
    pub fn status(&self) -> StatusCode {
        match self {
            Receipt::Accepted { .. } => StatusCode::ACCEPTED,
            Receipt::Duplicate { .. } | Receipt::Ignored { .. } => StatusCode::OK,
        }
    }

    pub fn body(&self) -> Value {
        match self {
            Receipt::Accepted { id, routes } => json!({ "id": id, "routes": routes }),
            Receipt::Duplicate { id } => json!({ "id": id, "duplicate": true }),
            Receipt::Ignored { id, why } => json!({ "id": id, "ignored": why }),
        }
    }
}

/// The request was not taken in. The texts go to the sender: they say what to mend and no secret.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    #[error(
        "there is no source `{0}` here; the address is /hooks/ and the name of a source in the config"
    )]
    UnknownSource(String),
    #[error("this source takes nothing from your address")]
    Address,
    #[error("the body is larger than this server takes ({limit} bytes)")]
    TooLarge { limit: usize },
    #[error("too many large requests are under way; send it again")]
    Full,
    #[error("the connection ended before the body did")]
    Incomplete,
    #[error("the content type must be application/json or application/x-www-form-urlencoded")]
    MediaType,
    #[error("{0}")]
    Unverified(VerifyError),
    #[error("the vendor's public key could not be fetched, so nothing can be verified now")]
    NoPublicKey,
    #[error("{0}")]
    Unreadable(#[from] ParseError),
    #[error("the store cannot take it now; send it again")]
    Unavailable(#[from] StoreError),
}

impl Refusal {
    pub fn status(&self) -> StatusCode {
        match self {
            Refusal::UnknownSource(_) => StatusCode::NOT_FOUND,
            Refusal::Address => StatusCode::FORBIDDEN,
            Refusal::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Refusal::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Refusal::Unverified(_) => StatusCode::UNAUTHORIZED,
            Refusal::Incomplete | Refusal::Unreadable(_) => StatusCode::BAD_REQUEST,
            Refusal::NoPublicKey | Refusal::Full | Refusal::Unavailable(_) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
        }
    }

    /// In one word, for the metrics.
    pub fn reason(&self) -> &'static str {
        match self {
            Refusal::UnknownSource(_) => "unknown_source",
            Refusal::Address => "address",
            Refusal::TooLarge { .. } => "too_large",
            Refusal::Full => "full",
            Refusal::Incomplete => "incomplete",
            Refusal::MediaType => "media_type",
            Refusal::Unverified(_) => "unverified",
            Refusal::NoPublicKey => "no_public_key",
            Refusal::Unreadable(_) => "unreadable",
            Refusal::Unavailable(_) => "store",
        }
    }

    pub fn body(&self) -> Value {
        json!({ "error": self.to_string() })
    }
}
