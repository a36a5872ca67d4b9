//! What a plan can see of a device.

use super::plan::{Attribute, Node, Qualifier, Root};
use crate::cel::check::Binding;
use crate::cel::program::Reads;
use crate::cel::value::Value;
use crate::cel::view::Part;

/// All that `node` can read. O(n).
pub(in crate::cel) fn reads(node: &Node) -> Reads {
    let mut reads = Reads::default();
    visit(node, &mut reads);
    reads
}

fn visit(node: &Node, reads: &mut Reads) {
    match node {
        Node::Const(_) => {}
        Node::Attribute(attribute) => of_attribute(attribute, reads),
        Node::And(terms) | Node::Or(terms) => terms.iter().for_each(|term| visit(term, reads)),
        Node::NotStrictlyFalse(inner) | Node::Member(inner, _) => visit(inner, reads),
        Node::Equal(pair) | Node::NotEqual(pair) | Node::OptionalOr { operands: pair, .. } => {
            pair.iter().for_each(|side| visit(side, reads));
        }
        Node::Call(call) => call.args.iter().for_each(|arg| visit(arg, reads)),
        Node::List(elements) => {
            for (element, _) in elements {
                visit(element, reads);
            }
        }
        Node::Map(entries) => {
            for (key, value, _) in entries {
                visit(key, reads);
                visit(value, reads);
            }
        }
        Node::Fold(fold) => {
            for part in [
                &fold.range,
                &fold.start,
                &fold.condition,
                &fold.step,
                &fold.result,
            ] {
                visit(part, reads);
            }
        }
    }
}

fn literal(qualifier: &Qualifier) -> Option<&str> {
    match &*qualifier.key {
        Node::Const(Value::Text(text)) => Some(text),
        _ => None,
    }
}

fn of_attribute(attribute: &Attribute, reads: &mut Reads) {
    match &attribute.root {
        Root::Variable(Binding::Device) => of_device(&attribute.qualifiers, reads),
        Root::Variable(_) => {}
        Root::Operand(node) => visit(node, reads),
        Root::Conditional(choice) => {
            for part in [&choice.condition, &choice.yes, &choice.no] {
                visit(part, reads);
            }
        }
    }
    for qualifier in &attribute.qualifiers {
        visit(&qualifier.key, reads);
    }
}

fn of_device(qualifiers: &[Qualifier], reads: &mut Reads) {
    let mut path = qualifiers.iter().map(literal);
    let part = match path.next().flatten() {
        Some("attributes") => Part::Attributes,
        Some("capacity") => Part::Capacity,
        Some("driver") => return,
        Some("allowMultipleAllocations") => {
            reads.sharing = true;
            return;
        }
        _ => {
            reads.everything = true;
            return;
        }
    };
    match (path.next().flatten(), path.next().flatten()) {
        (Some(domain), Some(name)) => {
            let of_part = match part {
                Part::Attributes => &mut reads.attributes,
                Part::Capacity => &mut reads.capacity,
            };
            of_part.insert((domain.to_owned(), name.to_owned()));
        }
        _ => reads.everything = true,
    }
}
