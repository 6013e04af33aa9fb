//! Rings from replica to replica, so that what one takes in is posted by another at once.
//!
//! A ring is PostgreSQL's `NOTIFY`, and only a hint: what is lost with a connection is found by the workers, which look
//! anyway. Rings go out after the commit and not with it, for transactions that ring commit one at a time.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::{StreamExt as _, future, stream};
use tokio_postgres::AsyncMessage;
use uuid::Uuid;

use super::session::{Connector, Result, Session};
use crate::store::Ring;

/// The channel, whose names are one for all schemas of a database.
const CHANNEL: &str = "hookbell_arrival";

/// PostgreSQL's limit is 8,000 bytes. Who has longer names looks for himself.
const LONGEST: usize = 4_000;

/// How long after a failure the next connection is tried.
const PAUSE: Duration = Duration::from_secs(1);

/// Tells a store's own rings from those of others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ringer(pub Uuid);

/// Rings in a transaction of someone who has no worker, on its commit.
pub async fn ring<'a>(db: &Session, groups: impl Iterator<Item = &'a str>) -> Result<()> {
    let words = words(None, groups);
    if words.is_empty() {
        return Ok(());
    }
    db.execute(RING, &[&words]).await.map(drop)
}

/// Notifies of each of `$1`.
pub const RING: &str =
    "SELECT pg_notify('hookbell_arrival', n.word)::text FROM unnest($1::text[]) AS n (word)";

/// What is said for these groups.
pub fn words<'a>(from: Option<Ringer>, groups: impl Iterator<Item = &'a str>) -> Vec<String> {
    let from = from.map_or(String::new(), |Ringer(id)| id.simple().to_string());
    let groups: BTreeSet<&str> = groups.filter(|group| group.len() <= LONGEST).collect();
    groups
        .into_iter()
        .map(|group| format!("{from}:{group}"))
        .collect()
}

/// Passes on what others ring, for ever, over as many connections as that takes.
pub async fn listen(connector: Connector, own: Ringer, ring: Ring) {
    loop {
        if let Err(error) = listen_once(&connector, own, &ring).await {
            tracing::debug!(%error, "rings of other replicas are not heard just now");
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn listen_once(
    connector: &Connector,
    own: Ringer,
    ring: &Ring,
) -> std::result::Result<(), tokio_postgres::Error> {
    let (client, mut connection) = connector.config.connect(connector.tls.clone()).await?;
    let messages = stream::poll_fn(move |context| connection.poll_message(context));
    let heard = messages.for_each(|message| {
        if let Ok(AsyncMessage::Notification(note)) = message
            && let Some((from, group)) = note.payload().split_once(':')
            && from != own.0.simple().to_string()
        {
            ring(Some(group));
        }
        future::ready(())
    });
    let listen = async {
        client.batch_execute(&format!("LISTEN {CHANNEL}")).await?;
        ring(None);
        // Keeps the connection.
        future::pending::<std::result::Result<(), tokio_postgres::Error>>().await
    };
    tokio::select! {
        () = heard => Ok(()),
        result = listen => result,
    }
}
