//! Slows down whoever guesses tokens: an address has a few tries in a minute. Guessing from elsewhere holds nobody up,
//! and what is kept is bounded.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

/// Wrong tokens that an address may send in a minute.
const PER_MINUTE: u32 = 5;
const MINUTE: SignedDuration = SignedDuration::from_secs(60);
/// Addresses that are told apart; further ones share their tries.
const ADDRESSES: usize = 4096;

#[derive(Debug, Default)]
pub struct Tries(Mutex<HashMap<IpAddr, Minute>>);

#[derive(Debug, Clone, Copy)]
struct Minute {
    since: Timestamp,
    tries: u32,
}

impl Tries {
    /// Counts a try. `Err` is how many seconds to wait when there were too many; then it must not even be looked at.
    pub fn take(&self, from: IpAddr, now: Timestamp) -> Result<(), u32> {
        let mut minutes = self.lock();
        let is_over = |minute: &Minute| now.duration_since(minute.since).abs() >= MINUTE;
        let mut from = network(from);
        if minutes.len() >= ADDRESSES && !minutes.contains_key(&from) {
            minutes.retain(|_, minute| !is_over(minute));
            if minutes.len() >= ADDRESSES {
                from = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
            }
        }
        let fresh = Minute {
            since: now,
            tries: 0,
        };
        let minute = minutes.entry(from).or_insert(fresh);
        if is_over(minute) {
            *minute = fresh;
        }
        if minute.tries >= PER_MINUTE {
            let left = MINUTE - now.duration_since(minute.since).abs();
            return Err(u32::try_from(left.as_secs()).unwrap_or(60).max(1));
        }
        minute.tries += 1;
        Ok(())
    }

    /// The last try was no guess.
    pub fn forget(&self, from: IpAddr) {
        self.lock().remove(&network(from));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, Minute>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whoever has one IPv6 address has all of its network.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + second).unwrap()
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn an_address_has_five_tries_a_minute_and_holds_up_no_other() {
        let tries = Tries::default();
        let (one, other) = (address("192.0.2.1"), address("192.0.2.2"));
        for second in 0..5 {
            assert_eq!(tries.take(one, at(second)), Ok(()));
        }
        assert_eq!(tries.take(one, at(20)), Err(40));
        assert_eq!(tries.take(other, at(20)), Ok(()));
        assert_eq!(tries.take(one, at(60)), Ok(()));
    }

    #[test]
    fn who_had_the_right_token_starts_anew() {
        let tries = Tries::default();
        let one = address("192.0.2.1");
        for _ in 0..20 {
            assert_eq!(tries.take(one, at(0)), Ok(()));
            tries.forget(one);
        }
    }

    #[test]
    fn addresses_of_one_network_count_as_one() {
        let tries = Tries::default();
        for host in 0..5 {
            let one = address(&format!("2001:db8:1:2::{host}"));
            assert_eq!(tries.take(one, at(0)), Ok(()));
        }
        assert!(tries.take(address("2001:db8:1:2:ffff::"), at(0)).is_err());
        assert!(tries.take(address("2001:db8:1:3::"), at(0)).is_ok());
    }

    #[test]
    fn however_many_addresses_guess_only_so_many_are_remembered() {
        let tries = Tries::default();
        for number in 0..20_000_u32 {
            let _ = tries.take(Ipv4Addr::from_bits(number).into(), at(0));
        }
        assert!(tries.lock().len() <= ADDRESSES + 1);
        assert!(tries.take(address("192.0.2.1"), at(1)).is_err(), "shared");
        assert!(tries.take(address("192.0.2.1"), at(60)).is_ok());
    }
}
