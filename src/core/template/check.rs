//! What can be found out about a template without an event: unknown fields, helpers and partials, and inclusions
//! that would never end.
//!
//! Fields are checked where they are the event's for certain: not in partials and not inside blocks that change
//! what names refer to. Nested fields are not checked.

use std::collections::{BTreeMap, BTreeSet};

use handlebars::template::TemplateElement;
use handlebars::template::{DecoratorTemplate, HelperTemplate, Parameter, Subexpression};
use handlebars::{Path, PathSeg, Template};

use super::context::known_fields;
use super::error::suggestion;
use super::helpers;

/// Blocks inside which names refer to something else than the event.
const CHANGE_CONTEXT: [&str; 3] = ["each", "with", "take"];

#[derive(Debug, Default)]
pub struct Findings {
    pub problems: Vec<Problem>,
    /// Partials that are included.
    pub includes: BTreeSet<String>,
    /// Every path that a template has, whatever it is relative to.
    pub paths: BTreeSet<String>,
    /// A name is made up while rendering.
    pub looks_up: bool,
}

#[derive(Debug)]
pub struct Problem {
    pub line: usize,
    pub what: String,
    pub remedy: String,
}

/// Checks a template that starts with the event's fields.
pub fn template(template: &Template, partials: &BTreeSet<&str>) -> Findings {
    walk(template, partials, true)
}

/// Checks a partial, whose fields depend on who includes it.
pub fn partial(template: &Template, partials: &BTreeSet<&str>) -> Findings {
    walk(template, partials, false)
}

/// Partials that include themselves, at once or by way of others. To render one would overflow the stack, which
/// ends the process.
pub fn in_cycle<'a>(includes: &BTreeMap<&'a str, BTreeSet<String>>) -> Vec<&'a str> {
    let reaches_itself = |name: &&str| {
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        let mut next: Vec<&str> = vec![name];
        while let Some(current) = next.pop() {
            for included in includes.get(current).into_iter().flatten() {
                if included == name {
                    return true;
                }
                if seen.insert(included) {
                    next.push(included);
                }
            }
        }
        false
    };
    includes.keys().copied().filter(reaches_itself).collect()
}

fn walk(template: &Template, partials: &BTreeSet<&str>, in_event: bool) -> Findings {
    let mut walk = Walk {
        partials,
        findings: Findings::default(),
        line: 1,
    };
    walk.elements(template, in_event);
    walk.findings
}

struct Walk<'a> {
    partials: &'a BTreeSet<&'a str>,
    findings: Findings,
    /// Where the element stands that is looked at.
    line: usize,
}

impl Walk<'_> {
    fn elements(&mut self, template: &Template, in_event: bool) {
        for (at, element) in template.elements.iter().enumerate() {
            // `{{else if}}` has no line of its own; the one before is near enough.
            if let Some(place) = template.mapping.get(at) {
                self.line = place.0;
            }
            self.element(element, in_event);
        }
    }

    fn element(&mut self, element: &TemplateElement, in_event: bool) {
        match element {
            TemplateElement::RawString(_) | TemplateElement::Comment(_) => {}
            TemplateElement::Expression(call) | TemplateElement::HtmlExpression(call) => {
                self.expression(call, in_event);
            }
            TemplateElement::HelperBlock(call) => self.block(call, in_event),
            TemplateElement::PartialExpression(call) | TemplateElement::PartialBlock(call) => {
                self.inclusion(call, in_event);
            }
            // Decorators: the only one there is defines a partial.
            _ => self.problem(
                "partials cannot be defined inside of a template",
                "put it into a file in the folder `partials`",
            ),
        }
    }

    fn expression(&mut self, call: &HelperTemplate, in_event: bool) {
        let is_value = call.params.is_empty() && call.hash.is_empty();
        let name = call.name.as_name().unwrap_or_default();
        if is_value && !helpers::exists(name) {
            self.parameter(&call.name, in_event);
        } else {
            self.helper(name, &call.params);
            self.parameters(call.params.iter().chain(call.hash.values()), in_event);
        }
    }

    fn block(&mut self, call: &HelperTemplate, in_event: bool) {
        let name = call.name.as_name().unwrap_or_default();
        self.helper(name, &call.params);
        let changes_context = CHANGE_CONTEXT.contains(&name);
        let is_event = |parameter: &&Parameter| changes_context && path_of(parameter) == "event";
        call.params
            .iter()
            .for_each(|parameter| self.note(parameter));
        self.parameters(call.params.iter().filter(|p| !is_event(p)), in_event);
        if let Some(inner) = &call.template {
            self.elements(inner, in_event && !changes_context);
        }
        if let Some(otherwise) = &call.inverse {
            self.elements(otherwise, in_event);
        }
    }

    fn inclusion(&mut self, call: &DecoratorTemplate, in_event: bool) {
        match &call.name {
            Parameter::Subexpression(_) => self.problem(
                "a partial's name cannot be computed",
                "write out its name, with `{{#if}}` around it where it depends on something",
            ),
            name => {
                let name = match name {
                    Parameter::Literal(text) => text.as_str().unwrap_or_default(),
                    _ => name.as_name().unwrap_or_default(),
                };
                if name != "@partial-block" {
                    self.include(name);
                }
            }
        }
        self.parameters(call.params.iter().chain(call.hash.values()), in_event);
        if let Some(inner) = &call.template {
            self.elements(inner, in_event);
        }
    }

    fn include(&mut self, name: &str) {
        if self.partials.contains(name) {
            self.findings.includes.insert(name.to_owned());
        } else {
            let remedy = suggestion(name, self.partials.iter().copied())
                .unwrap_or_else(|| format!("write it into `partials/{name}.hbs`"));
            self.problem(format!("there is no partial `{name}`"), remedy);
        }
    }

    fn helper(&mut self, name: &str, params: &[Parameter]) {
        self.findings.looks_up |= name == "lookup";
        if !helpers::exists(name) {
            let remedy = suggestion(name, helpers::names()).unwrap_or_default();
            self.problem(format!("there is no helper `{name}`"), remedy);
        } else if let Some(helper) = helpers::find(name).filter(|h| !h.takes(params.len())) {
            self.problem(
                format!("helper `{name}` does not take {} values", params.len()),
                format!("write for example `{}`", helper.example),
            );
        }
    }

    fn parameters<'p>(&mut self, all: impl Iterator<Item = &'p Parameter>, in_event: bool) {
        for parameter in all {
            self.parameter(parameter, in_event);
        }
    }

    fn note(&mut self, parameter: &Parameter) {
        if let Parameter::Path(Path::Relative((_, raw)) | Path::Local((_, _, raw))) = parameter {
            self.findings.paths.insert(raw.clone());
        }
    }

    fn parameter(&mut self, parameter: &Parameter, in_event: bool) {
        self.note(parameter);
        match parameter {
            Parameter::Subexpression(inner) => self.subexpression(inner, in_event),
            Parameter::Path(Path::Relative((segments, raw))) if in_event => {
                self.field(segments, raw);
            }
            _ => {}
        }
    }

    fn subexpression(&mut self, inner: &Subexpression, in_event: bool) {
        if let TemplateElement::Expression(call) = inner.as_element() {
            self.helper(call.name.as_name().unwrap_or_default(), &call.params);
            self.parameters(call.params.iter().chain(call.hash.values()), in_event);
        }
    }

    fn field(&mut self, segments: &[PathSeg], raw: &str) {
        let Some(PathSeg::Named(name)) = segments.first() else {
            return;
        };
        let known = known_fields();
        if raw == "event" {
            self.problem(
                "`event` is the whole event",
                "write `event.event` for the vendor's word",
            );
        } else if !known.contains(name) {
            let remedy = suggestion(name, known.iter().map(String::as_str))
                .unwrap_or_else(|| "the vendor's own fields are under `payload`".to_owned());
            self.problem(format!("events have no field `{name}`"), remedy);
        }
    }

    fn problem(&mut self, what: impl Into<String>, remedy: impl Into<String>) {
        self.findings.problems.push(Problem {
            line: self.line,
            what: what.into(),
            remedy: remedy.into(),
        });
    }
}

fn path_of(parameter: &Parameter) -> &str {
    match parameter {
        Parameter::Path(Path::Relative((_, raw))) => raw,
        _ => "",
    }
}
