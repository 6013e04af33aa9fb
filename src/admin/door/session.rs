//! What a visitor carries who has shown the token: who he is and until when, signed. Nothing about it is kept here, so
//! it holds over restarts and for every replica. Its key is made from the token: a token that is taken out of the config
//! ends its sessions.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use uuid::Uuid;

/// How long somebody who has logged in stays so.
pub const LASTS: SignedDuration = SignedDuration::from_hours(12);

const ID: usize = 16;
const TIME: usize = 8;

/// What signs. `Debug` is not implemented: it is a secret.
#[derive(Clone)]
pub struct Key([u8; 32]);

/// Somebody who has shown the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session {
    id: Uuid,
    ends_at: i64,
}

impl Session {
    pub fn starting(now: Timestamp) -> Session {
        Session {
            id: Uuid::new_v4(),
            ends_at: now
                .saturating_add(LASTS)
                .unwrap_or(Timestamp::MAX)
                .as_second(),
        }
    }

    /// Of those who need not log in.
    pub fn nobody() -> Session {
        Session {
            id: Uuid::nil(),
            ends_at: i64::MAX,
        }
    }
}

impl Key {
    pub fn of_token(token: &str) -> Key {
        Key(mac(token.as_bytes(), &[b"hookbell admin session"]))
    }

    /// Not the same in any two processes.
    pub fn random() -> Key {
        let (a, b) = (Uuid::new_v4(), Uuid::new_v4());
        Key(mac(a.as_bytes(), &[b.as_bytes()]))
    }

    /// The session as text for a cookie.
    pub fn seal(&self, session: &Session) -> String {
        let mut bytes = Vec::with_capacity(ID + TIME + 32);
        bytes.extend_from_slice(session.id.as_bytes());
        bytes.extend_from_slice(&session.ends_at.to_be_bytes());
        let mac = mac(&self.0, &[b"session", &bytes]);
        bytes.extend_from_slice(&mac);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The session in a cookie, if this key signed it and it has not ended.
    pub fn open(&self, cookie: &str, now: Timestamp) -> Option<Session> {
        let bytes = URL_SAFE_NO_PAD.decode(cookie).ok()?;
        let (said, signature) = bytes.split_at_checked(ID + TIME)?;
        let expected = mac(&self.0, &[b"session", said]);
        if !bool::from(expected.as_slice().ct_eq(signature)) {
            return None;
        }
        let (id, ends_at) = said.split_at(ID);
        let session = Session {
            id: Uuid::from_slice(id).ok()?,
            ends_at: i64::from_be_bytes(ends_at.try_into().ok()?),
        };
        (session.ends_at > now.as_second()).then_some(session)
    }

    /// What a form of this session must carry. Another site can make a browser send the cookie, but cannot read this.
    pub fn form_token(&self, session: &Session) -> String {
        URL_SAFE_NO_PAD.encode(mac(&self.0, &[b"form", session.id.as_bytes()]))
    }

    pub fn is_form_token(&self, session: &Session, given: &str) -> bool {
        let expected = self.form_token(session);
        expected.as_bytes().ct_eq(given.as_bytes()).into()
    }
}

fn mac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-26T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_session_is_known_until_it_ends() {
        let key = Key::of_token("secret");
        let session = Session::starting(now());
        let cookie = key.seal(&session);
        assert_eq!(key.open(&cookie, now()), Some(session));
        let last = now() + LASTS - SignedDuration::from_secs(1);
        assert_eq!(key.open(&cookie, last), Some(session));
        assert_eq!(key.open(&cookie, now() + LASTS), None);
    }

    #[test]
    fn what_another_token_signed_or_somebody_changed_is_no_session() {
        let key = Key::of_token("secret");
        let cookie = key.seal(&Session::starting(now()));
        assert_eq!(Key::of_token("other").open(&cookie, now()), None);
        for at in 0..cookie.len() {
            let mut changed = cookie.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            // Of the last character, some bits stand for nothing; such text is not accepted either.
            assert_eq!(key.open(&changed, now()), None, "{at}");
        }
        for rubbish in ["", "AAAA", "é", "=="] {
            assert_eq!(key.open(rubbish, now()), None);
        }
    }

    #[test]
    fn a_form_belongs_to_its_session() {
        let key = Key::of_token("secret");
        let (mine, yours) = (Session::starting(now()), Session::starting(now()));
        assert!(key.is_form_token(&mine, &key.form_token(&mine)));
        assert!(!key.is_form_token(&mine, &key.form_token(&yours)));
        assert!(!key.is_form_token(&mine, ""));
    }
}
