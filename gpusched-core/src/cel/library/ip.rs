//! Addresses and networks.

use super::{Entry, global, member};
use crate::cel::cost;
use crate::cel::error::EvalError;
use crate::cel::value::Value;
use std::fmt;
use std::net::IpAddr;

pub(super) const ENTRIES: &[Entry] = &[
    global("ip", "(string) -> ip", ip).always(cost::traverse),
    member("ip", "(cidr) -> ip", cidr_ip),
    member("family", "(ip) -> int", family),
    global("ip.isCanonical", "(string) -> bool", is_canonical).always(cost::traverse_twice),
    member("isUnspecified", "(ip) -> bool", is_unspecified),
    member("isLoopback", "(ip) -> bool", is_loopback),
    member(
        "isLinkLocalMulticast",
        "(ip) -> bool",
        is_link_local_multicast,
    ),
    member("isLinkLocalUnicast", "(ip) -> bool", is_link_local_unicast),
    member("isGlobalUnicast", "(ip) -> bool", is_global_unicast),
    global("isIP", "(string) -> bool", is_ip).always(cost::traverse),
    global("cidr", "(string) -> cidr", cidr).always(cost::traverse),
    member("containsIP", "(cidr, string) -> bool", contains_ip).always(cost::contains_ip),
    member("containsIP", "(cidr, ip) -> bool", contains_ip).always(cost::contains_ip),
    member("containsCIDR", "(cidr, string) -> bool", contains_cidr).always(cost::contains_cidr),
    member("containsCIDR", "(cidr, cidr) -> bool", contains_cidr).always(cost::contains_cidr),
    member("prefixLength", "(cidr) -> int", prefix_length),
    member("masked", "(cidr) -> cidr", masked),
    global("isCIDR", "(string) -> bool", is_cidr).always(cost::traverse),
];

/// A network: an address and how many bits of it count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cel) struct Cidr {
    address: IpAddr,
    pub(in crate::cel) prefix: u8,
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

/// The bits of an address, the first one the highest, and how many there are.
fn bits(address: IpAddr) -> (u128, u8) {
    match address {
        IpAddr::V4(address) => (u128::from(address.to_bits()) << 96, 32),
        IpAddr::V6(address) => (address.to_bits(), 128),
    }
}

impl Cidr {
    fn mask(prefix: u8) -> u128 {
        u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0)
    }

    fn contains(&self, address: IpAddr) -> bool {
        let ((own, own_bits), (other, other_bits)) = (bits(self.address), bits(address));
        own_bits == other_bits && (own ^ other) & Cidr::mask(self.prefix) == 0
    }
}

/// Addresses with a zone and IPv4 addresses written as IPv6 are not taken.
fn read_ip(text: &str) -> Result<IpAddr, EvalError> {
    let wrong = || EvalError::other(format_args!("`{text}` is no IP address"));
    let address: IpAddr = text.parse().map_err(|_| wrong())?;
    match address {
        IpAddr::V6(mapped) if mapped.to_ipv4_mapped().is_some() => Err(wrong()),
        _ => Ok(address),
    }
}

fn read_cidr(text: &str) -> Result<Cidr, EvalError> {
    let wrong = || EvalError::other(format_args!("`{text}` is no network"));
    let (address, prefix) = text.rsplit_once('/').ok_or_else(wrong)?;
    let address = read_ip(address)?;
    let plain = prefix == "0"
        || !prefix.starts_with('0') && prefix.bytes().all(|byte| byte.is_ascii_digit());
    let prefix: u8 = prefix.parse().map_err(|_| wrong())?;
    match plain && prefix <= bits(address).1 {
        true => Ok(Cidr { address, prefix }),
        false => Err(wrong()),
    }
}

fn text<'b>(args: &'b [Value<'_>]) -> Result<&'b str, EvalError> {
    match args {
        [Value::Text(text)] => Ok(text),
        _ => Err(EvalError::no_such_overload()),
    }
}

fn ip<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    read_ip(text(args)?).map(Value::Ip)
}

fn is_ip<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    Ok(Value::Bool(read_ip(text(args)?).is_ok()))
}

fn is_canonical<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    let text = text(args)?;
    Ok(Value::Bool(read_ip(text)?.to_string() == text))
}

fn cidr<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    read_cidr(text(args)?).map(Value::Cidr)
}

fn is_cidr<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    Ok(Value::Bool(read_cidr(text(args)?).is_ok()))
}

fn address(args: &[Value<'_>]) -> Result<IpAddr, EvalError> {
    match args {
        [Value::Ip(address)] => Ok(*address),
        _ => Err(EvalError::no_such_overload()),
    }
}

fn family<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    address(args).map(|address| Value::Int(if address.is_ipv4() { 4 } else { 6 }))
}

fn is_unspecified<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    address(args).map(|address| Value::Bool(address.is_unspecified()))
}

fn is_loopback<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    address(args).map(|address| Value::Bool(address.is_loopback()))
}

fn link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    }
}

/// `224.0.0.0/24`, `ff02::/16` and the like.
fn is_link_local_multicast<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    address(args).map(|address| {
        Value::Bool(match address {
            IpAddr::V4(address) => address.octets()[..3] == [224, 0, 0],
            IpAddr::V6(address) => address.segments()[0] & 0xff0f == 0xff02,
        })
    })
}

fn is_link_local_unicast<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    address(args).map(|address| Value::Bool(link_local(address)))
}

/// As Go means it: any address that is one host's, private ones included.
fn is_global_unicast<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    address(args).map(|address| {
        let broadcast = matches!(address, IpAddr::V4(address) if address.is_broadcast());
        Value::Bool(
            !broadcast
                && !address.is_unspecified()
                && !address.is_loopback()
                && !address.is_multicast()
                && !link_local(address),
        )
    })
}

fn contains_ip<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    match args {
        [Value::Cidr(network), Value::Ip(address)] => Ok(Value::Bool(network.contains(*address))),
        [Value::Cidr(network), Value::Text(text)] => {
            Ok(Value::Bool(network.contains(read_ip(text)?)))
        }
        _ => Err(EvalError::no_such_overload()),
    }
}

fn contains_cidr<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    let (network, other) = match args {
        [Value::Cidr(network), Value::Cidr(other)] => (network, *other),
        [Value::Cidr(network), Value::Text(text)] => (network, read_cidr(text)?),
        _ => return Err(EvalError::no_such_overload()),
    };
    Ok(Value::Bool(
        network.contains(other.address) && network.prefix <= other.prefix,
    ))
}

fn network(args: &[Value<'_>]) -> Result<Cidr, EvalError> {
    match args {
        [Value::Cidr(network)] => Ok(*network),
        _ => Err(EvalError::no_such_overload()),
    }
}

fn cidr_ip<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    network(args).map(|network| Value::Ip(network.address))
}

fn prefix_length<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    network(args).map(|network| Value::Int(network.prefix.into()))
}

fn masked<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    let Cidr { address, prefix } = network(args)?;
    let kept = bits(address).0 & Cidr::mask(prefix);
    let address = match address {
        IpAddr::V4(_) => IpAddr::V4(((kept >> 96) as u32).into()),
        IpAddr::V6(_) => IpAddr::V6(kept.into()),
    };
    Ok(Value::Cidr(Cidr { address, prefix }))
}
