//! Loading: files to compiled templates, with everything that is wrong with them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use handlebars::{Handlebars, Template, TemplateErrorReason};

use super::check::{self, Findings};
use super::error::{TemplateError, suggestion};
use super::front_matter::{self, MessageType};
use super::helpers::{self, Style};
use super::leash::{self, Leash};
use super::mentioned::Mentioned;
use super::words::Words;
use super::{Engine, Language, Loaded, TemplateFile, Templates, markdown};
use crate::core::event::Kind;

/// The name under which a field of a template's front matter is registered.
pub fn field_name(path: &str, field: &str) -> String {
    format!("{path}#{field}")
}

pub fn load(
    builtin: Vec<TemplateFile>,
    user: Vec<TemplateFile>,
    leash: Option<&Arc<Leash>>,
) -> Result<Templates, Vec<TemplateError>> {
    let mut loader = Loader {
        leash: leash.cloned(),
        ..Loader::default()
    };
    let mut templates = Templates {
        mentioned: Mentioned::default(),
        loaded: BTreeMap::new(),
        engines: Vec::new(),
    };
    for file in &user {
        loader.check_path(file);
    }
    for language in Language::ALL {
        let files = Files::of(language, &builtin, &user);
        templates.engines.push(loader.engine(&files));
        let engine = templates.engines.last_mut().expect("it was just pushed");
        loader.language(&files, engine, &mut templates.loaded);
    }
    templates.mentioned = loader.mentioned;
    match loader.errors.is_empty() {
        true => Ok(templates),
        false => Err(loader.errors),
    }
}

/// The files of one language that count: those of the user, and the built-in ones that they do not replace.
struct Files<'a> {
    words: Vec<&'a TemplateFile>,
    /// By the name under which they are included.
    partials: BTreeMap<String, &'a TemplateFile>,
    /// With whether they are the user's.
    templates: Vec<(&'a TemplateFile, bool)>,
}

impl<'a> Files<'a> {
    fn of(language: Language, builtin: &'a [TemplateFile], user: &'a [TemplateFile]) -> Files<'a> {
        let folder = format!("{}/", language.name());
        let partials_folder = format!("{folder}partials/");
        let all = builtin
            .iter()
            .map(|file| (file, false))
            .chain(user.iter().map(|file| (file, true)))
            .filter(|(file, _)| file.path.starts_with(&folder));
        let mut words = Vec::new();
        let mut partials = BTreeMap::new();
        let mut templates = BTreeMap::new();
        for (file, by_user) in all {
            if file.path == Words::path(language) {
                words.push(file);
            } else if let Some(name) = file.path.strip_suffix(".hbs") {
                match name.strip_prefix(&partials_folder) {
                    Some(name) => drop(partials.insert(name.to_owned(), file)),
                    None => drop(templates.insert(&file.path, (file, by_user))),
                }
            }
        }
        Files {
            words,
            partials,
            templates: templates.into_values().collect(),
        }
    }
}

#[derive(Default)]
struct Loader {
    /// What everything is tied to, if somebody is only trying it.
    leash: Option<Arc<Leash>>,
    errors: Vec<TemplateError>,
    mentioned: Mentioned,
}

impl Loader {
    /// A template in a folder that nothing looks into would be ignored in silence.
    fn check_path(&mut self, file: &TemplateFile) {
        if !file.path.ends_with(".hbs") {
            return;
        }
        let folders: Vec<&str> = file.path.split('/').collect();
        let languages = Language::ALL.map(Language::name);
        let kinds = Kind::ALL.map(Kind::name);
        let (unknown, known): (&str, Vec<&str>) = match folders[..] {
            [language, ..] if !languages.contains(&language) => (language, languages.to_vec()),
            [_, "partials", ..] | [_, _] => return,
            [_, kind, _] if kinds.contains(&kind) => return,
            [_, folder, ..] => (folder, [&["partials"], &kinds[..]].concat()),
            _ => return,
        };
        let remedy = suggestion(unknown, known.iter().copied())
            .unwrap_or_else(|| format!("folders are: {}", known.join(", ")));
        self.errors.push(TemplateError::at(
            &file.path,
            None,
            "no template is looked for in this folder",
            remedy,
        ));
    }

    /// The registries of a language, with its helpers and without templates.
    fn engine(&mut self, files: &Files<'_>) -> Engine {
        let words = match Words::read(&files.words) {
            Ok(words) => words,
            Err(error) => {
                self.errors.push(error);
                Words::read(&files.words[..1]).expect("the tests read the built-in words")
            }
        };
        let words = Arc::new(words);
        let registry = |style: Style| {
            let mut registry = Handlebars::new();
            registry.set_prevent_indent(true);
            registry.register_escape_fn(match style {
                Style::Markdown => markdown::escape,
                Style::Plain => markdown::one_line,
            });
            helpers::register(&mut registry, style, &words);
            if let Some(leash) = &self.leash {
                leash::register(&mut registry, leash);
            }
            registry
        };
        Engine {
            markdown: registry(Style::Markdown),
            plain: registry(Style::Plain),
            is_leashed: self.leash.is_some(),
        }
    }

    fn language(
        &mut self,
        files: &Files<'_>,
        engine: &mut Engine,
        loaded: &mut BTreeMap<String, Loaded>,
    ) {
        let known: BTreeSet<&str> = files.partials.keys().map(String::as_str).collect();
        let mut includes = BTreeMap::new();
        for (name, file) in &files.partials {
            let Some(template) = self.compile(&file.path, name, &file.text) else {
                continue;
            };
            let findings = check::partial(&template, &known);
            includes.insert(name.as_str(), findings.includes.clone());
            self.report(&file.path, findings);
            let template = self.tied(template);
            engine.plain.register_template(name, template.clone());
            engine.markdown.register_template(name, template);
        }
        for name in check::in_cycle(&includes) {
            self.errors.push(TemplateError::at(
                &files.partials[name].path,
                None,
                format!("the partial `{name}` includes itself by way of others"),
                "take one of the inclusions out",
            ));
        }
        for (file, by_user) in &files.templates {
            let front = match front_matter::split(&file.path, &file.text) {
                Ok((front, body)) => {
                    let registry = match front.kind {
                        MessageType::Text | MessageType::Link => &mut engine.plain,
                        _ => &mut engine.markdown,
                    };
                    self.template(&file.path, &file.path, &body, &known, registry);
                    front
                }
                Err(error) => {
                    self.errors.push(error);
                    continue;
                }
            };
            for field in &front.fields {
                let name = field_name(&file.path, &field.name);
                // Empty lines in front, so that errors name the line of the file.
                let text = "\n".repeat(field.line - 1) + &field.template;
                self.template(&file.path, &name, &text, &known, &mut engine.plain);
                // As a digest's line it is Markdown, unless it would print a stranger's text as it is.
                if field.name == "title"
                    && !prints_raw(&field.template)
                    && let Some(title) = engine.plain.get_template(&name).cloned()
                {
                    engine.markdown.register_template(&name, title);
                }
            }
            let by_user = *by_user;
            loaded.insert(file.path.clone(), Loaded { front, by_user });
        }
    }

    fn template(
        &mut self,
        path: &str,
        name: &str,
        text: &str,
        partials: &BTreeSet<&str>,
        registry: &mut Handlebars<'static>,
    ) {
        if let Some(template) = self.compile(path, name, text) {
            self.report(path, check::template(&template, partials));
            registry.register_template(name, self.tied(template));
        }
    }

    fn tied(&self, mut template: Template) -> Template {
        if self.leash.is_some() {
            leash::tie(&mut template);
        }
        template
    }

    fn compile(&mut self, path: &str, name: &str, text: &str) -> Option<Template> {
        if self.leash.is_some()
            && let Some(line) = leash::too_deep(text)
        {
            self.errors.push(TemplateError::at(
                path,
                line,
                "blocks or calls are too deep within each other",
                "put the inner ones into a partial",
            ));
            return None;
        }
        match Template::compile_with_name(text, name.to_owned()) {
            Ok(template) => Some(template),
            Err(error) => {
                let line = error.pos().map(|(line, _)| line);
                let what = match error.reason() {
                    // It lists all of the grammar's rules.
                    TemplateErrorReason::InvalidSyntax(_) => {
                        "this cannot be read as Handlebars".to_owned()
                    }
                    reason => reason.to_string(),
                };
                let remedy = "see that every {{…}} and {{#…}} is closed";
                self.errors
                    .push(TemplateError::at(path, line, what, remedy));
                None
            }
        }
    }

    fn report(&mut self, path: &str, findings: Findings) {
        findings
            .paths
            .iter()
            .for_each(|path| self.mentioned.note(path));
        if findings.looks_up {
            self.mentioned.note_everything();
        }
        let errors = findings
            .problems
            .into_iter()
            .map(|problem| TemplateError::at(path, problem.line, problem.what, problem.remedy));
        self.errors.extend(errors);
    }
}

/// Whether a template has a `{{{…}}}` or `{{&…}}`, which escape nothing.
fn prints_raw(template: &str) -> bool {
    ["{{{", "{{~{", "{{&", "{{~&"]
        .iter()
        .any(|raw| template.contains(raw))
}
