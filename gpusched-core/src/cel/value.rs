//! Values while a selector runs.

use super::check::Type;
use super::device::DeviceFacts;
use super::error::EvalError;
use super::library::{ip::Cidr, names::Format, semver::Semver, time::Timestamp, url::Url};
use super::view::{Facts, Part};
use crate::kube::Quantity;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::ops::Deref;
use std::sync::Arc;

/// A text: of the program or the device, or made on the way.
#[derive(Clone, Debug)]
pub(super) enum Text<'a> {
    Borrowed(&'a str),
    Shared(Arc<str>),
}

impl Deref for Text<'_> {
    type Target = str;
    fn deref(&self) -> &str {
        match self {
            Text::Borrowed(text) => text,
            Text::Shared(text) => text,
        }
    }
}

/// A key of a map.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    Bool(bool),
    Int(i64),
    Uint(u64),
    Text(Arc<str>),
}

pub(super) type Map<'a> = BTreeMap<Key, Value<'a>>;

/// A value.
#[derive(Clone, Debug)]
pub(super) enum Value<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    Text(Text<'a>),
    Bytes(Arc<[u8]>),
    /// Nanoseconds.
    Duration(i64),
    Timestamp(Timestamp),
    List(Arc<Vec<Value<'a>>>),
    Map(Arc<Map<'a>>),
    Optional(Option<Arc<Value<'a>>>),
    Type(Arc<Type>),
    Quantity {
        amount: Quantity,
        /// It is a sum or a difference. Upstream holds those in another way, which cannot stand on
        /// the right of `==`.
        sum: bool,
    },
    Semver(Arc<Semver>),
    Ip(IpAddr),
    Cidr(Cidr),
    Url(Arc<Url>),
    Format(&'static Format),
    Device(&'a DeviceFacts),
    /// `device.attributes` or `device.capacity`: domains.
    Domains(Facts<'a>),
    /// The names of one domain.
    Names(Facts<'a>, Text<'a>),
}

impl<'a> Value<'a> {
    pub(super) fn text(text: impl Into<Arc<str>>) -> Value<'a> {
        Value::Text(Text::Shared(text.into()))
    }

    pub(super) fn list(elements: Vec<Value<'a>>) -> Value<'a> {
        Value::List(Arc::new(elements))
    }

    pub(super) fn some(value: Value<'a>) -> Value<'a> {
        Value::Optional(Some(Arc::new(value)))
    }

    /// How large it is where sizes cost: characters, bytes, elements; 1 for what has no size.
    pub(super) fn size(&self) -> u64 {
        match self {
            Value::Optional(Some(inner)) => inner.size(),
            other => other.length().map_or(1, |length| length as u64),
        }
    }

    /// What `size()` counts, of values that have it.
    pub(super) fn length(&self) -> Option<usize> {
        Some(match self {
            Value::Text(text) if text.is_ascii() => text.len(),
            Value::Text(text) => text.chars().count(),
            Value::Bytes(bytes) => bytes.len(),
            Value::List(elements) => elements.len(),
            Value::Map(map) => map.len(),
            Value::Ip(IpAddr::V4(_)) => 4,
            Value::Ip(IpAddr::V6(_)) => 16,
            Value::Cidr(cidr) => usize::from(cidr.prefix).div_ceil(8),
            Value::Device(_) => 4,
            Value::Domains(facts) => facts.domains().len(),
            Value::Names(facts, domain) => facts.names(domain).count(),
            _ => return None,
        })
    }

    /// The type `type()` gives.
    pub(super) fn type_of(&self) -> Type {
        match self {
            Value::Null => Type::Null,
            Value::Bool(_) => Type::Bool,
            Value::Int(_) => Type::Int,
            Value::Uint(_) => Type::Uint,
            Value::Double(_) => Type::Double,
            Value::Text(_) => Type::Text,
            Value::Bytes(_) => Type::Bytes,
            Value::Duration(_) => Type::Duration,
            Value::Timestamp(_) => Type::Timestamp,
            Value::List(_) => Type::list(Type::Dyn),
            Value::Map(_) | Value::Device(_) | Value::Domains(_) | Value::Names(..) => {
                Type::map(Type::Dyn, Type::Dyn)
            }
            Value::Optional(_) => Type::optional(Type::Dyn),
            Value::Type(_) => Type::Meta(Arc::new(Type::Dyn)),
            Value::Quantity { .. } => Type::QUANTITY,
            Value::Semver(_) => Type::Object("kubernetes.Semver"),
            Value::Ip(_) => Type::Object("net.IP"),
            Value::Cidr(_) => Type::Object("net.CIDR"),
            Value::Url(_) => Type::Object("kubernetes.URL"),
            Value::Format(_) => Type::Object("kubernetes.NamedFormat"),
        }
    }

    /// Whether it can stand where a parameter of this type is.
    pub(super) fn is_a(&self, ty: &Type) -> bool {
        match (ty, self) {
            (Type::Dyn | Type::Any | Type::Param(_) | Type::Var(_), _) => true,
            (Type::List(element), Value::List(elements)) => {
                elements.first().is_none_or(|first| first.is_a(element))
            }
            (Type::Map(_), value) => matches!(value.type_of(), Type::Map(_)),
            (Type::Optional(_), Value::Optional(_)) | (Type::Meta(_), Value::Type(_)) => true,
            (simple, value) => value.type_of() == *simple,
        }
    }

    /// As the key of a map.
    pub(super) fn key(&self) -> Option<Key> {
        Some(match self {
            Value::Bool(value) => Key::Bool(*value),
            Value::Int(value) => Key::Int(*value),
            Value::Uint(value) => Key::Uint(*value),
            Value::Text(text) => Key::Text(Arc::from(&**text)),
            _ => return None,
        })
    }

    /// What a loop goes over: elements of a list, keys of a map. `None` for everything else.
    pub(super) fn iterate(&self) -> Option<Vec<Value<'a>>> {
        Some(match self {
            Value::List(elements) => elements.to_vec(),
            Value::Map(map) => map.keys().map(Value::from).collect(),
            Value::Device(_) => DEVICE_FIELDS
                .iter()
                .map(|name| Value::Text(Text::Borrowed(name)))
                .collect(),
            Value::Domains(facts) => facts
                .domains()
                .into_iter()
                .map(|domain| Value::Text(Text::Borrowed(domain)))
                .collect(),
            Value::Names(facts, domain) => facts
                .names(domain)
                .map(|name| Value::Text(Text::Borrowed(name)))
                .collect(),
            _ => return None,
        })
    }

    /// The value under a key. `None`: there is none.
    ///
    /// # Errors
    /// It is no map.
    pub(super) fn find(&self, key: &Value<'a>) -> Result<Option<Value<'a>>, EvalError> {
        Ok(match (self, key) {
            (Value::Map(map), _) => find(map, key),
            // An unknown domain is an empty one.
            (Value::Domains(facts), Value::Text(domain)) => {
                Some(Value::Names(*facts, domain.clone()))
            }
            (Value::Domains(_), _) => Some(Value::Map(Arc::default())),
            (Value::Names(facts, domain), Value::Text(name)) => facts.get(domain, name)?,
            (Value::Device(device), Value::Text(field)) => device_field(device, field),
            (Value::Names(..) | Value::Device(_), _) => None,
            _ => return Err(EvalError::no_such_overload()),
        })
    }

    /// Whether a map has a key, or a list an element.
    pub(super) fn contains(&self, wanted: &Value<'a>) -> Result<bool, EvalError> {
        match (self, wanted) {
            (Value::List(elements), _) => Ok(elements
                .iter()
                .any(|element| element.equals(wanted) == Some(true))),
            // Asked whether it is there, an unknown domain is not.
            (Value::Domains(facts), Value::Text(domain)) => {
                Ok(facts.domains().contains(&&**domain))
            }
            (Value::Domains(_), _) => Ok(false),
            _ => self.find(wanted).map(|found| found.is_some()),
        }
    }

    /// Whether two values are equal; `None`: upstream has no answer.
    pub(super) fn equals(&self, other: &Value<'a>) -> Option<bool> {
        Some(match (self, other) {
            (Value::Null, Value::Null) => true,
            (Value::Null, _) | (_, Value::Null) => false,
            (
                Value::Quantity { amount, .. },
                Value::Quantity {
                    amount: other,
                    sum: false,
                },
            ) => amount == other,
            (Value::Semver(one), Value::Semver(two)) => one.precedence(two).is_eq(),
            (Value::Ip(one), Value::Ip(two)) => one == two,
            (Value::Cidr(one), Value::Cidr(two)) => one == two,
            (Value::Url(one), Value::Url(two)) => one == two,
            (Value::Format(one), Value::Format(two)) => one.name == two.name,
            (
                Value::Quantity { .. }
                | Value::Semver(_)
                | Value::Ip(_)
                | Value::Cidr(_)
                | Value::Url(_)
                | Value::Format(_),
                _,
            ) => return None,
            (Value::Bool(one), Value::Bool(two)) => one == two,
            (Value::Text(one), Value::Text(two)) => **one == **two,
            (Value::Bytes(one), Value::Bytes(two)) => one == two,
            (Value::Duration(one), Value::Duration(two)) => one == two,
            (Value::Timestamp(one), Value::Timestamp(two)) => one == two,
            (Value::Type(one), Value::Type(two)) => same_type(one, two),
            (Value::Optional(None), Value::Optional(two)) => two.is_none(),
            (Value::Optional(Some(_)), Value::Optional(None)) => false,
            (Value::Optional(Some(one)), Value::Optional(Some(two))) => return one.equals(two),
            (Value::List(one), Value::List(two)) => {
                one.len() == two.len()
                    && (one.iter().zip(two.iter())).all(|(one, two)| one.equals(two) != Some(false))
            }
            _ => match (self.iterate(), self.length() == other.length()) {
                (Some(keys), equal) if other.is_map() && self.is_map() => {
                    equal
                        && keys
                            .iter()
                            .all(|key| match (self.find(key), other.find(key)) {
                                (Ok(Some(one)), Ok(Some(two))) => one.equals(&two) != Some(false),
                                _ => false,
                            })
                }
                _ => self.compare_numbers(other) == Some(std::cmp::Ordering::Equal),
            },
        })
    }

    fn is_map(&self) -> bool {
        matches!(
            self,
            Value::Map(_) | Value::Device(_) | Value::Domains(_) | Value::Names(..)
        )
    }

    /// The order of two numbers of any kind. `None` for other values and for NaN.
    pub(super) fn compare_numbers(&self, other: &Value<'_>) -> Option<std::cmp::Ordering> {
        match (self, other) {
            (Value::Int(one), Value::Int(two)) => Some(one.cmp(two)),
            (Value::Uint(one), Value::Uint(two)) => Some(one.cmp(two)),
            (Value::Double(one), Value::Double(two)) => one.partial_cmp(two),
            (Value::Int(one), Value::Uint(two)) => Some(i128::from(*one).cmp(&i128::from(*two))),
            (Value::Uint(one), Value::Int(two)) => Some(i128::from(*one).cmp(&i128::from(*two))),
            (Value::Int(one), Value::Double(two)) => compare_double(i128::from(*one), *two),
            (Value::Uint(one), Value::Double(two)) => compare_double(i128::from(*one), *two),
            (Value::Double(one), Value::Int(two)) => {
                compare_double(i128::from(*two), *one).map(std::cmp::Ordering::reverse)
            }
            (Value::Double(one), Value::Uint(two)) => {
                compare_double(i128::from(*two), *one).map(std::cmp::Ordering::reverse)
            }
            _ => None,
        }
    }
}

/// A whole number beside a double. Within the range of the integers the whole number is taken as a
/// double, as upstream does.
fn compare_double(whole: i128, double: f64) -> Option<std::cmp::Ordering> {
    (whole as f64).partial_cmp(&double)
}

/// Fields of a device, in order.
const DEVICE_FIELDS: [&str; 4] = [
    "allowMultipleAllocations",
    "attributes",
    "capacity",
    "driver",
];

fn device_field<'a>(device: &'a DeviceFacts, field: &str) -> Option<Value<'a>> {
    let facts = |part| Value::Domains(Facts { device, part });
    Some(match field {
        "driver" => Value::Text(Text::Borrowed(&device.driver)),
        "attributes" => facts(Part::Attributes),
        "capacity" => facts(Part::Capacity),
        "allowMultipleAllocations" => {
            Value::Bool(device.allow_multiple_allocations.unwrap_or(false))
        }
        _ => return None,
    })
}

/// Looks a key up: numbers are found whatever kind they are of.
fn find<'a>(map: &Map<'a>, key: &Value<'a>) -> Option<Value<'a>> {
    let exact = key.key().and_then(|key| map.get(&key));
    let found = exact.or_else(|| {
        let whole = match key {
            Value::Int(value) => i128::from(*value),
            Value::Uint(value) => i128::from(*value),
            Value::Double(value) if value.fract() == 0.0 && value.abs() < 1e19 => *value as i128,
            _ => return None,
        };
        let int = i64::try_from(whole).ok().map(Key::Int);
        let uint = u64::try_from(whole).ok().map(Key::Uint);
        int.and_then(|key| map.get(&key))
            .or_else(|| uint.and_then(|key| map.get(&key)))
    });
    found.cloned()
}

/// Types are equal by their name: `list(int)` is `list`.
fn same_type(one: &Type, two: &Type) -> bool {
    match (one, two) {
        (Type::Object(one), Type::Object(two)) => one == two,
        (one, two) => std::mem::discriminant(one) == std::mem::discriminant(two),
    }
}

impl From<&Key> for Value<'_> {
    fn from(key: &Key) -> Self {
        match key {
            Key::Bool(value) => Value::Bool(*value),
            Key::Int(value) => Value::Int(*value),
            Key::Uint(value) => Value::Uint(*value),
            Key::Text(text) => Value::Text(Text::Shared(text.clone())),
        }
    }
}
