//! Networks of addresses, and who calls through proxies that stand in them.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

/// A network: `10.0.0.0/8`, or a single address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

impl Network {
    /// This machine, by both versions of the Internet's protocol.
    #[must_use]
    pub fn loopback() -> Vec<Network> {
        let (four, six) = (std::net::Ipv4Addr::LOCALHOST.into(), std::net::Ipv6Addr::LOCALHOST.into());
        vec![Network { address: four, bits: 8 }, Network { address: six, bits: 128 }]
    }

    /// Whether an address lies in it.
    #[must_use]
    pub fn holds(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(it)) => {
                shifted(own.to_bits().into(), it.to_bits().into(), 32 - self.bits)
            }
            (IpAddr::V6(own), IpAddr::V6(it)) => shifted(own.to_bits(), it.to_bits(), 128 - self.bits),
            _ => false,
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

fn shifted(own: u128, it: u128, by: u8) -> bool {
    // A network of no bits holds everything, and nothing can be shifted by 128.
    own.checked_shr(by.into()) == it.checked_shr(by.into())
}

/// Reads `10.0.0.0/8` or an address; `Err` says what is wrong with it.
pub(super) fn network(text: &str) -> Result<Network, String> {
    let (address, bits) = text.split_once('/').map_or((text, None), |(it, bits)| (it, Some(bits)));
    let wrong = || format!("{text:?} is no network; write it as 10.0.0.0/8 or fd00::/8, or as one address");
    let address: IpAddr = address.parse().map_err(|_| wrong())?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let bits = bits.map_or(Ok(most), |it| it.parse().ok().filter(|it| *it <= most).ok_or_else(wrong))?;
    Ok(Network { address, bits })
}

/// Whose call it is: `peer`, or, where that is a trusted proxy, whom the last one of `X-Forwarded-For` names that is none.
/// What stands before that one anybody may have written.
#[must_use]
pub fn client(trusted: &[Network], peer: IpAddr, forwarded: &[&str]) -> IpAddr {
    let is_trusted = |it: IpAddr| trusted.iter().any(|network| network.holds(it));
    let mut last = peer.to_canonical();
    for part in forwarded.iter().rev().flat_map(|header| header.rsplit(',')) {
        if !is_trusted(last) {
            break;
        }
        let part = part.trim();
        let named = part.parse().or_else(|_| part.parse::<SocketAddr>().map(|it| it.ip()));
        let Ok(named) = named else { break };
        last = IpAddr::to_canonical(&named);
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_holds_what_lies_in_it() {
        for (text, inside, outside) in [
            ("10.0.0.0/8", "10.255.0.1", "11.0.0.0"),
            ("192.0.2.7", "192.0.2.7", "192.0.2.6"),
            ("192.0.2.7", "::ffff:192.0.2.7", "::1"),
            ("fd00::/8", "fdff::1", "fe00::1"),
            ("0.0.0.0/0", "9.9.9.9", "::1"),
        ] {
            let network = network(text).unwrap();
            assert!(network.holds(inside.parse().unwrap()), "{text}: {inside}");
            assert!(!network.holds(outside.parse().unwrap()), "{text}: {outside}");
        }
        assert!(network("::/0").unwrap().holds("2001:db8::1".parse().unwrap()));
        for wrong in ["", "10.0.0.0/33", "fd00::/129", "10.0.0.0/-1", "10.0.0/8", "proxy", "10.0.0.0/8/8"] {
            assert!(network(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn only_what_a_trusted_proxy_says_counts() {
        let trusted = [network("127.0.0.0/8").unwrap(), network("10.0.0.0/8").unwrap()];
        let of =
            |peer: &str, forwarded: &[&str]| client(&trusted, peer.parse().unwrap(), forwarded).to_string();
        assert_eq!(of("192.0.2.1", &["198.51.100.9"]), "192.0.2.1", "no proxy of ours");
        assert_eq!(of("127.0.0.1", &[]), "127.0.0.1");
        assert_eq!(of("127.0.0.1", &["198.51.100.9"]), "198.51.100.9");
        assert_eq!(
            of("::ffff:127.0.0.1", &["6.6.6.6, 198.51.100.9:4711"]),
            "198.51.100.9",
            "the rest anybody wrote"
        );
        assert_eq!(of("127.0.0.1", &["6.6.6.6", "198.51.100.9, 10.1.1.1"]), "198.51.100.9", "two proxies");
        assert_eq!(of("127.0.0.1", &["[2001:db8::1]:80"]), "2001:db8::1");
        assert_eq!(of("127.0.0.1", &["198.51.100.9, unknown"]), "127.0.0.1");
    }
}
