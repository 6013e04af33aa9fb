//! The config with everything compiled that can be wrong: routes and templates. `check` and `serve` share it.

use std::io;
use std::path::Path;
use std::sync::Arc;

use crate::bot::dingtalk::lint;
use crate::config::{Config, Loaded, Problem, RouteSettings, StoreUrl};
use crate::core::compose::Composer;
use crate::core::people::People;
use crate::core::route::{Route, Routes};
use crate::core::template::{Language, TemplateFile, Templates};
use crate::store::postgres;

/// A config that will work.
pub struct Checked {
    pub config: Arc<Config>,
    pub routes: Arc<Routes>,
    pub composer: Arc<Composer>,
}

/// Compiles routes and templates. What is wrong with them joins the problems of the config; the warnings come with a
/// config that will work.
pub fn check(mut loaded: Loaded) -> Result<(Checked, Vec<Problem>), Vec<Problem>> {
    let draft = loaded.draft().clone();
    check_database(&mut loaded, &draft.store);
    let templates = templates(&mut loaded, &draft.templates.dir);
    let routes = routes(&mut loaded, &draft.routes, templates.as_ref());
    let (config, warnings) = loaded.finish()?;
    let composer = Composer {
        templates: templates.unwrap_or_else(Templates::builtin),
        people: People::new(config.people.clone()),
        language: config.templates.language,
    };
    let checked = Checked {
        config: Arc::new(config),
        routes: Arc::new(Routes::new(routes)),
        composer: Arc::new(composer),
    };
    Ok((checked, warnings))
}

/// What the store itself would refuse when it is opened.
fn check_database(loaded: &mut Loaded, url: &StoreUrl) {
    let StoreUrl::Postgres(url) = url else {
        return;
    };
    if let Err(error) = postgres::Address::parse(url.expose()) {
        loaded.error(
            "store.url",
            format!("`store.url` is not the address of a PostgreSQL database: {error}"),
            "write \"postgres://USER:PASSWORD@HOST:5432/DATABASE\"",
        );
    }
}

fn templates(loaded: &mut Loaded, dir: &Path) -> Option<Templates> {
    let files = match read_templates(dir) {
        Ok(files) => files,
        Err(error) => {
            loaded.error(
                "templates.dir",
                format!("{} cannot be read: {error}", dir.display()),
                "name a folder that this user may read",
            );
            return None;
        }
    };
    for file in files.iter().filter(|file| file.path.ends_with(".hbs")) {
        for remark in lint::template(&file.text) {
            let lint::Told { what, advice } = remark.rule.told(Language::En);
            loaded.file_warning(dir.join(&file.path), remark.line, what, advice);
        }
    }
    Templates::new(files)
        .map_err(|errors| {
            for error in errors {
                loaded.file_error(dir.join(&error.file), error.line, error.what, error.remedy);
            }
        })
        .ok()
}

/// The routes that compile; a problem for each of the others.
fn routes(
    loaded: &mut Loaded,
    settings: &[RouteSettings],
    templates: Option<&Templates>,
) -> Vec<Route> {
    let mut routes = Vec::new();
    for route in settings {
        if let (Some(name), Some(templates)) = (&route.spec.template, templates)
            && !templates.contains(name)
        {
            loaded.error(
                &format!("{}.template", route.key),
                format!("there is no template `{name}`"),
                format!("add `en/{name}.hbs` (and `zh/{name}.hbs`) to the templates folder, or name one that is there"),
            );
        }
        match Route::compile(route.spec.clone()) {
            Ok(route) => routes.push(route),
            Err(errors) => {
                for error in errors {
                    let key = format!("{}.{}", route.key, error.key);
                    loaded.error(&key, error.what, error.remedy);
                }
            }
        }
    }
    routes
}

/// All templates and word lists under `dir`, with paths relative to it; none where the folder does not exist. Names
/// that begin with a dot are left out: in a mounted ConfigMap they lead to the same files once more.
pub fn read_templates(dir: &Path) -> io::Result<Vec<TemplateFile>> {
    let mut files = Vec::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = match std::fs::read_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && folder == dir => {
                return Ok(files);
            }
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            if entry.file_name().as_encoded_bytes().starts_with(b".") {
                continue;
            }
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let is_ours = path
                .extension()
                .is_some_and(|kind| kind == "hbs" || kind == "toml");
            if let (true, Ok(inside)) = (is_ours, path.strip_prefix(dir)) {
                files.push(TemplateFile {
                    path: inside.to_string_lossy().replace('\\', "/"),
                    text: std::fs::read_to_string(&path)?,
                });
            }
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}
