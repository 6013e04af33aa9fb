//! Reading bodies within a bound: all requests under way share so much memory, however many come and however large.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix_web::web::Payload;
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;

use super::Refusal;

/// Bodies of webhooks come within seconds; a sender that takes longer holds room that others need.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a buffer begins with where a sender announces more: it may never send it.
const FIRST: usize = 64 << 10;

/// Room for bodies, in bytes. Clones share it.
#[derive(Debug, Clone)]
pub struct Room {
    free: Arc<AtomicUsize>,
    /// Largest single body.
    max_body: usize,
}

/// A body, and the room that it takes as long as this lives: until it is in the store.
#[derive(Debug)]
pub struct Body {
    pub bytes: Bytes,
    _held: Held,
}

#[derive(Debug)]
struct Held {
    free: Arc<AtomicUsize>,
    bytes: usize,
}

impl Room {
    /// For two of the largest bodies at once, and never less than many of the usual size.
    pub fn for_bodies_up_to(max_body: usize) -> Room {
        const LEAST: usize = 32 << 20;
        Room {
            free: Arc::new(AtomicUsize::new(LEAST.max(2 * max_body))),
            max_body,
        }
    }

    pub fn max_body(&self) -> usize {
        self.max_body
    }

    /// Reads a body of which `announced` bytes are to come, if that was said. Room is taken for what has come and not
    /// for what was announced.
    pub async fn read(&self, announced: Option<usize>, body: Payload) -> Result<Body, Refusal> {
        if announced.is_some_and(|length| length > self.max_body) {
            return Err(self.too_large());
        }
        let read = self.read_all(announced.unwrap_or_default(), body);
        let read = tokio::time::timeout(PATIENCE, read).await;
        read.unwrap_or(Err(Refusal::Incomplete))
    }

    async fn read_all(&self, announced: usize, mut body: Payload) -> Result<Body, Refusal> {
        let mut held = Held {
            free: Arc::clone(&self.free),
            bytes: 0,
        };
        // Most bodies come in one piece, which needs no copy.
        let mut only: Option<Bytes> = None;
        let mut whole = BytesMut::new();
        while let Some(chunk) = body.next().await {
            let chunk = chunk.map_err(|_| Refusal::Incomplete)?;
            if held.bytes + chunk.len() > self.max_body {
                return Err(self.too_large());
            }
            held.take(chunk.len())?;
            if whole.is_empty() && only.is_none() {
                only = Some(chunk);
                continue;
            }
            if let Some(first) = only.take() {
                whole.reserve(announced.min(FIRST));
                whole.extend_from_slice(&first);
            }
            whole.extend_from_slice(&chunk);
        }
        Ok(Body {
            bytes: only.unwrap_or_else(|| whole.freeze()),
            _held: held,
        })
    }

    fn too_large(&self) -> Refusal {
        Refusal::TooLarge {
            limit: self.max_body,
        }
    }
}

impl Held {
    fn take(&mut self, bytes: usize) -> Result<(), Refusal> {
        self.free
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |free| {
                free.checked_sub(bytes)
            })
            .map_err(|_| Refusal::Full)?;
        self.bytes += bytes;
        Ok(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.free.fetch_add(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use actix_web::FromRequest as _;
    use actix_web::test::TestRequest;

    use super::*;

    async fn read(
        room: &Room,
        announced: Option<usize>,
        body: &'static str,
    ) -> Result<Body, Refusal> {
        let (request, mut payload) = TestRequest::post().set_payload(body).to_http_parts();
        let body = Payload::from_request(&request, &mut payload).await.unwrap();
        room.read(announced, body).await
    }

    #[tokio::test]
    async fn bodies_share_a_bounded_room_and_leave_it_when_they_are_done() {
        let room = Room {
            free: Arc::new(AtomicUsize::new(10)),
            max_body: 8,
        };
        let first = read(&room, Some(6), "123456").await.unwrap();
        assert_eq!(first.bytes, "123456");
        let second = read(&room, Some(5), "12345").await;
        assert!(matches!(second, Err(Refusal::Full)));
        let small = read(&room, None, "1234").await.unwrap();
        drop((first, small));
        assert!(read(&room, Some(8), "12345678").await.is_ok());
        assert_eq!(room.free.load(Ordering::Relaxed), 10);
    }

    #[tokio::test]
    async fn a_body_that_is_too_large_is_refused_whether_or_not_it_says_so() {
        let room = Room::for_bodies_up_to(8);
        for announced in [Some(9), None] {
            let refused = read(&room, announced, "123456789").await;
            assert!(matches!(refused, Err(Refusal::TooLarge { limit: 8 })));
        }
    }
}
