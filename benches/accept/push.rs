//! Pushes as GitHub sends them: 8 KB, signed, each with its own delivery id and its own commit.
//!
//! They are made and signed before a measurement begins, for the client shares the machine with what it measures.
//! What all of them have in common is kept once.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// What the relay is told to believe.
pub const SECRET: &str = "It's a Secret to Everybody";

/// The body, compact as GitHub sends it. The commit stands in it five times, the repository often.
const BODY: &str = include_str!("push.json");
const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
const REPOSITORY: &str = "acme/shop";

/// Makes pushes that all differ, over the whole run.
pub struct Pusher {
    random: fastrand::Rng,
}

/// Prepared pushes; each is taken once.
pub struct Pushes {
    /// What stands before, between and behind the commit.
    parts: Vec<String>,
    prepared: Vec<Prepared>,
    next: AtomicUsize,
}

struct Prepared {
    head: String,
    commit: String,
}

impl Pusher {
    pub fn new() -> Pusher {
        Pusher {
            random: fastrand::Rng::new(),
        }
    }

    /// `count` pushes to a repository.
    pub fn pushes(&mut self, repository: &str, count: usize) -> Pushes {
        let body = BODY.trim_end().replace(REPOSITORY, repository);
        let parts: Vec<String> = body.split(COMMIT).map(str::to_owned).collect();
        let prepared = (0..count).map(|_| self.prepare(&parts)).collect();
        Pushes {
            parts,
            prepared,
            next: AtomicUsize::new(0),
        }
    }

    fn prepare(&mut self, parts: &[String]) -> Prepared {
        let commit = hex(&self.bytes::<20>());
        let mut mac =
            Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("HMAC takes any key");
        let mut length = 0;
        for piece in pieces(parts, &commit) {
            mac.update(piece.as_bytes());
            length += piece.len();
        }
        let id = uuid::Builder::from_random_bytes(self.bytes()).into_uuid();
        let head = format!(
            "POST /hooks/github HTTP/1.1\r\nHost: hookbell.example.com\r\nUser-Agent: GitHub-Hookshot/044aadd\r\n\
             Accept: */*\r\nContent-Type: application/json\r\nX-GitHub-Delivery: {id}\r\nX-GitHub-Event: push\r\n\
             X-GitHub-Hook-ID: 123456789\r\nX-GitHub-Hook-Installation-Target-ID: 700100200\r\n\
             X-GitHub-Hook-Installation-Target-Type: repository\r\nX-Hub-Signature-256: sha256={}\r\n\
             Content-Length: {length}\r\n\r\n",
            hex(&mac.finalize().into_bytes())
        );
        Prepared { head, commit }
    }

    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.random.fill(&mut bytes);
        bytes
    }
}

impl Pushes {
    /// Writes the next request that was not taken yet into `buffer`, and tells its commit; `None` if there is none.
    pub fn take(&self, buffer: &mut Vec<u8>) -> Option<&str> {
        let push = self
            .prepared
            .get(self.next.fetch_add(1, Ordering::Relaxed))?;
        buffer.clear();
        buffer.extend_from_slice(push.head.as_bytes());
        for piece in pieces(&self.parts, &push.commit) {
            buffer.extend_from_slice(piece.as_bytes());
        }
        Some(&push.commit)
    }

    /// Lets all be taken again, by a server that does not mind.
    pub fn rewind(&self) {
        self.next.store(0, Ordering::Relaxed);
    }
}

/// The body, piece by piece.
fn pieces<'a>(parts: &'a [String], commit: &'a str) -> impl Iterator<Item = &'a str> {
    parts.iter().enumerate().flat_map(move |(index, part)| {
        let between = if index == 0 { "" } else { commit };
        [between, part.as_str()]
    })
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}
