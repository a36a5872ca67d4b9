//! Cohorts whose parents go in a circle.

use super::{Context, Found, Rule, path};

pub(super) const RULE: Rule = Rule {
    name: "cohort-cycle",
    finds: "cohorts whose parents go in a circle; every queue below is out",
    check,
};

fn check(context: &Context<'_>, found: &mut Found) {
    for cohort in &context.objects.cohorts {
        if context.status.is_on_cycle(&cohort.name) {
            let name = &cohort.name;
            let message = format!("the parents of cohort `{name}` go in a circle");
            let place = path(["spec", "parentName"]);
            let problem = context.at("Cohort", name, place, message);
            found.push(problem.help("one cohort on the way up must have no parent"));
        }
    }
}
