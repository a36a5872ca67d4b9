//! Which types go together, and what that says about types not known yet.
//!
//! The rules are those of cel-go's checker: a variable stands for the most general type it has
//! met, `dyn` goes with everything, `null` with objects.

use super::types::Type;

/// Variables and what they stand for. Attempts that fail leave nothing behind.
#[derive(Debug, Default)]
pub(super) struct Unifier {
    bound: Vec<Option<Type>>,
    /// What variables stood for before, so that an attempt can be taken back.
    trail: Vec<(usize, Option<Type>)>,
}

impl Unifier {
    /// A type not known yet.
    pub(super) fn fresh(&mut self) -> Type {
        self.bound.push(None);
        Type::Var(self.bound.len() - 1)
    }

    /// Whether values of types `from` can stand where `to` are asked for. If not, nothing is
    /// learnt.
    pub(super) fn assign_all(&mut self, from: &[Type], to: &[Type]) -> bool {
        let mark = self.trail.len();
        let fits =
            from.len() == to.len() && from.iter().zip(to).all(|(from, to)| self.fits(from, to));
        if !fits {
            while self.trail.len() > mark {
                if let Some((variable, before)) = self.trail.pop() {
                    self.bound[variable] = before;
                }
            }
        }
        fits
    }

    pub(super) fn assign(&mut self, from: &Type, to: &Type) -> bool {
        self.assign_all(std::slice::from_ref(from), std::slice::from_ref(to))
    }

    fn bind(&mut self, variable: usize, to: Type) {
        let before = self.bound[variable].replace(to);
        self.trail.push((variable, before));
    }

    fn fits(&mut self, one: &Type, two: &Type) -> bool {
        if let Type::Var(variable) = two {
            let (valid, known) = self.substitutes(one, *variable);
            if valid || known {
                return valid;
            }
        }
        if let Type::Var(variable) = one {
            return self.substitutes(two, *variable).0;
        }
        if one.is_dynamic() || two.is_dynamic() {
            return true;
        }
        match (one, two) {
            (Type::Null, other) | (other, Type::Null) => other.is_nullable(),
            (Type::Meta(_), Type::Meta(_)) => true,
            (Type::List(one), Type::List(two)) | (Type::Optional(one), Type::Optional(two)) => {
                self.fits(one, two)
            }
            (Type::Map(one), Type::Map(two)) => {
                self.fits(&one.0, &two.0) && self.fits(&one.1, &two.1)
            }
            _ => one == two,
        }
    }

    /// Whether `variable` can stand for `other`, and whether it stood for something before.
    fn substitutes(&mut self, other: &Type, variable: usize) -> (bool, bool) {
        if *other == Type::Var(variable) {
            return (true, true);
        }
        if let Some(known) = self.bound[variable].clone() {
            if *other == known {
                return (true, true);
            }
            if !self.fits(other, &known) {
                return (false, true);
            }
            let general = most_general(other, &known).clone();
            if self.is_free_of(variable, &general) {
                self.bind(variable, general);
            }
            return (true, true);
        }
        if self.is_free_of(variable, other) {
            self.bind(variable, other.clone());
            return (true, false);
        }
        (false, false)
    }

    /// Whether a type does not mention the variable.
    fn is_free_of(&self, variable: usize, within: &Type) -> bool {
        match within {
            Type::Var(other) if *other == variable => false,
            Type::Var(other) => match &self.bound[*other] {
                Some(known) => self.is_free_of(variable, known),
                None => true,
            },
            _ => within
                .parameters()
                .all(|inner| self.is_free_of(variable, inner)),
        }
    }

    /// A type with all that is known about its variables.
    pub(super) fn resolved(&self, of: &Type) -> Type {
        of.replaced(&mut |simple| match simple {
            Type::Var(variable) => match &self.bound[*variable] {
                Some(known) => self.resolved(known),
                None => simple.clone(),
            },
            other => other.clone(),
        })
    }

    /// The same, where what is still not known is `dyn`.
    pub(super) fn finished(&self, of: &Type) -> Type {
        self.resolved(of).replaced(&mut |simple| match simple {
            Type::Var(_) => Type::Dyn,
            other => other.clone(),
        })
    }
}

/// The more general of two types that go together.
pub(super) fn most_general<'a>(one: &'a Type, two: &'a Type) -> &'a Type {
    if is_general(one, two) { one } else { two }
}

/// Whether `one` says no more than `two`.
fn is_general(one: &Type, two: &Type) -> bool {
    if one.is_dynamic() || matches!(one, Type::Var(_)) {
        return true;
    }
    if two.is_dynamic() || matches!(two, Type::Var(_)) {
        return false;
    }
    match (one, two) {
        (Type::List(one), Type::List(two)) | (Type::Optional(one), Type::Optional(two)) => {
            is_general(one, two)
        }
        (Type::Map(one), Type::Map(two)) => {
            is_general(&one.0, &two.0) && is_general(&one.1, &two.1)
        }
        (Type::Meta(_), Type::Meta(_)) => true,
        _ => one == two,
    }
}
