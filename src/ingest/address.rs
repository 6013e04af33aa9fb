//! Where a request came from, as far as it can be believed.

use std::net::IpAddr;

use ipnet::IpNet;

/// The address of the client: that of the connection or, where that is a trusted proxy's, the last one in
/// `X-Forwarded-For` that is not. Each proxy appends whom it heard, so what stands before that is a client's own claim.
pub fn of_client<'a>(
    peer: Option<IpAddr>,
    forwarded: impl Iterator<Item = &'a str>,
    trusted: &[IpNet],
) -> Option<IpAddr> {
    let peer = peer?.to_canonical();
    if !is_in(peer, trusted) {
        return Some(peer);
    }
    let hops: Vec<&str> = forwarded.flat_map(|header| header.split(',')).collect();
    let mut client = peer;
    for hop in hops.into_iter().rev() {
        // What is no address was not written by a proxy that can be trusted.
        client = address_in(hop)?;
        if !is_in(client, trusted) {
            break;
        }
    }
    Some(client)
}

/// Some proxies add the port: `192.0.2.7:1234`, `[2001:db8::1]:1234`.
fn address_in(hop: &str) -> Option<IpAddr> {
    let hop = hop.trim();
    let bare = hop.trim_start_matches('[').split(']').next()?;
    let address: IpAddr = match bare.parse() {
        Ok(address) => address,
        Err(_) => hop.rsplit_once(':')?.0.parse().ok()?,
    };
    Some(address.to_canonical())
}

pub fn is_in(address: IpAddr, networks: &[IpNet]) -> bool {
    networks.iter().any(|network| network.contains(&address))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, forwarded: &[&str]) -> Option<String> {
        let trusted = ["10.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()];
        let peer = peer.parse().ok();
        let client = of_client(peer, forwarded.iter().copied(), &trusted);
        client.map(|client| client.to_string())
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        let cases: [(&str, &[&str], &str); 9] = [
            ("192.0.2.7", &[], "192.0.2.7"),
            ("192.0.2.7", &["198.51.100.1"], "192.0.2.7"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.1"], "198.51.100.1"),
            ("::ffff:10.0.0.1", &["198.51.100.1"], "198.51.100.1"),
            // The first address is the client's own claim.
            (
                "10.0.0.1",
                &["1.1.1.1, 198.51.100.1, 10.0.0.2"],
                "198.51.100.1",
            ),
            ("10.0.0.1", &["1.1.1.1", "198.51.100.1"], "198.51.100.1"),
            ("::1", &["198.51.100.1:4711"], "198.51.100.1"),
            ("::1", &["[2001:db8::1]:4711"], "2001:db8::1"),
        ];
        for (peer, forwarded, expected) in cases {
            let client = client(peer, forwarded);
            assert_eq!(client.as_deref(), Some(expected), "{peer} {forwarded:?}");
        }
    }

    #[test]
    fn a_hop_that_is_no_address_makes_the_client_unknown() {
        assert_eq!(client("10.0.0.1", &["198.51.100.1, unknown"]), None);
    }
}
