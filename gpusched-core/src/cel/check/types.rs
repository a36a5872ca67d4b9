//! Types of expressions.

use std::fmt;
use std::sync::Arc;

/// The type of an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cel) enum Type {
    /// Known when it runs.
    Dyn,
    /// Like [`Type::Dyn`]; attributes are of this type.
    Any,
    Null,
    Bool,
    Int,
    Uint,
    Double,
    Text,
    Bytes,
    Duration,
    Timestamp,
    List(Arc<Type>),
    /// Keys and values.
    Map(Arc<(Type, Type)>),
    Optional(Arc<Type>),
    /// The type of a type.
    Meta(Arc<Type>),
    /// A type known by its name only: `kubernetes.Quantity`, `net.IP`.
    Object(&'static str),
    /// A parameter of a signature.
    Param(char),
    /// A type not known yet.
    Var(usize),
}

impl Type {
    pub(in crate::cel) const DEVICE: Type = Type::Object("kubernetes.DRADevice");
    pub(in crate::cel) const QUANTITY: Type = Type::Object("kubernetes.Quantity");

    pub(in crate::cel) fn list(element: Type) -> Type {
        Type::List(Arc::new(element))
    }

    pub(in crate::cel) fn map(key: Type, value: Type) -> Type {
        Type::Map(Arc::new((key, value)))
    }

    pub(in crate::cel) fn optional(inner: Type) -> Type {
        Type::Optional(Arc::new(inner))
    }

    /// The type a name in an expression stands for, such as `int`.
    pub(super) fn named(name: &str) -> Option<Type> {
        Some(match name {
            "bool" => Type::Bool,
            "bytes" => Type::Bytes,
            "double" => Type::Double,
            "int" => Type::Int,
            "uint" => Type::Uint,
            "string" => Type::Text,
            "null_type" => Type::Null,
            "list" => Type::list(Type::Dyn),
            "map" => Type::map(Type::Dyn, Type::Dyn),
            "type" => Type::Meta(Arc::new(Type::Dyn)),
            "optional_type" => Type::optional(Type::Dyn),
            "google.protobuf.Duration" => Type::Duration,
            "google.protobuf.Timestamp" => Type::Timestamp,
            "net.IP" => Type::Object("net.IP"),
            "net.CIDR" => Type::Object("net.CIDR"),
            _ => return None,
        })
    }

    pub(super) fn is_dynamic(&self) -> bool {
        matches!(self, Type::Dyn | Type::Any)
    }

    /// Whether `null` may stand for it.
    pub(super) fn is_nullable(&self) -> bool {
        matches!(
            self,
            Type::Null | Type::Object(_) | Type::Optional(_) | Type::Duration | Type::Timestamp
        )
    }

    /// Types this one is made of.
    pub(super) fn parameters(&self) -> impl Iterator<Item = &Type> {
        let (one, two) = match self {
            Type::List(inner) | Type::Optional(inner) | Type::Meta(inner) => (Some(&**inner), None),
            Type::Map(pair) => (Some(&pair.0), Some(&pair.1)),
            _ => (None, None),
        };
        one.into_iter().chain(two)
    }

    /// The same type with every type it is made of replaced. `replace` gets what has no parameters.
    pub(super) fn replaced(&self, replace: &mut dyn FnMut(&Type) -> Type) -> Type {
        match self {
            Type::List(inner) => Type::list(inner.replaced(replace)),
            Type::Optional(inner) => Type::optional(inner.replaced(replace)),
            Type::Meta(inner) => Type::Meta(Arc::new(inner.replaced(replace))),
            Type::Map(pair) => Type::map(pair.0.replaced(replace), pair.1.replaced(replace)),
            simple => replace(simple),
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::Dyn | Type::Var(_) => f.write_str("dyn"),
            Type::Any => f.write_str("any"),
            Type::Null => f.write_str("null"),
            Type::Bool => f.write_str("bool"),
            Type::Int => f.write_str("int"),
            Type::Uint => f.write_str("uint"),
            Type::Double => f.write_str("double"),
            Type::Text => f.write_str("string"),
            Type::Bytes => f.write_str("bytes"),
            Type::Duration => f.write_str("google.protobuf.Duration"),
            Type::Timestamp => f.write_str("google.protobuf.Timestamp"),
            Type::List(element) => write!(f, "list({element})"),
            Type::Map(pair) => write!(f, "map({}, {})", pair.0, pair.1),
            Type::Optional(inner) => write!(f, "optional_type({inner})"),
            Type::Meta(inner) => write!(f, "type({inner})"),
            Type::Object(name) => f.write_str(name),
            Type::Param(name) => write!(f, "{name}"),
        }
    }
}
