//! Regular expressions: the standard `matches`, and Kubernetes' `find` and `findAll`.

use super::{Entry, global, member, re2};
use crate::cel::cost;
use crate::cel::error::EvalError;
use crate::cel::value::Value;
use regex::Regex;

pub(super) const ENTRIES: &[Entry] = &[
    // By itself, `matches` is counted as a call of unknown cost: upstream counts the other form.
    global("matches", "(string, string) -> bool", matches),
    member("matches", "(string, string) -> bool", matches).cost(cost::regex),
    member("find", "(string, string) -> string", find).always(cost::regex),
    member("findAll", "(string, string) -> list(string)", find_all).always(cost::regex),
    member("findAll", "(string, string, int) -> list(string)", find_all).always(cost::regex),
];

/// What a regular expression is used for.
#[derive(Clone, Copy, Debug)]
pub(in crate::cel) enum Search {
    Matches,
    Find,
    FindAll,
}

impl Search {
    pub(in crate::cel) fn named(function: &str) -> Option<Search> {
        match function {
            "matches" => Some(Search::Matches),
            "find" => Some(Search::Find),
            "findAll" => Some(Search::FindAll),
            _ => None,
        }
    }

    /// The answer, with an expression that was compiled before.
    pub(in crate::cel) fn run<'a>(
        self,
        regex: &Regex,
        args: &[Value<'a>],
    ) -> Result<Value<'a>, EvalError> {
        let (text, most) = match args {
            [Value::Text(text), _] => (text, usize::MAX),
            [Value::Text(text), _, Value::Int(most)] => {
                (text, usize::try_from(*most).unwrap_or(usize::MAX))
            }
            _ => return Err(EvalError::no_such_overload()),
        };
        Ok(match self {
            Search::Matches => Value::Bool(regex.is_match(text)),
            Search::Find => Value::text(regex.find(text).map_or("", |found| found.as_str())),
            Search::FindAll => Value::list(
                regex
                    .find_iter(text)
                    .take(most)
                    .map(|found| Value::text(found.as_str()))
                    .collect(),
            ),
        })
    }

    fn compile_and_run<'a>(self, args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
        match args.get(1) {
            Some(Value::Text(pattern)) => {
                let regex = re2::compile(pattern).map_err(EvalError::other)?;
                self.run(&regex, args)
            }
            _ => Err(EvalError::no_such_overload()),
        }
    }
}

fn matches<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    Search::Matches.compile_and_run(args)
}

fn find<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    Search::Find.compile_and_run(args)
}

fn find_all<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    Search::FindAll.compile_and_run(args)
}
