//! The config with everything compiled that can be wrong: routes and templates. `check` and `serve` share it.

use std::io;
use std::path::Path;

use crate::config::{Config, Loaded, RouteSettings};
use crate::core::compose::Composer;
use crate::core::people::People;
use crate::core::route::{Route, RouteSpec, Routes};
use crate::core::template::{TemplateFile, Templates};

/// A config that will work.
#[derive(Debug)]
pub struct Checked {
    pub config: Config,
    pub routes: Routes,
    pub composer: Composer,
}

/// Compiles routes and templates. What is wrong with them is added to the problems of the config.
pub fn check(loaded: &mut Loaded) -> Option<Checked> {
    let Some(config) = loaded.config.take() else {
        return None;
    };
    let templates = templates(loaded, &config.templates.dir);
    let routes = routes(loaded, &config.routes, templates.as_ref());
    let composer = Composer {
        templates: templates?,
        people: People::new(config.people.clone()),
        language: config.templates.language,
    };
    Some(Checked {
        routes: routes?,
        composer,
        config,
    })
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
    Templates::new(files)
        .map_err(|errors| {
            for error in errors {
                loaded.file_error(&dir.join(&error.file), error.line, &error.what, &error.remedy);
            }
        })
        .ok()
}

fn routes(
    loaded: &mut Loaded,
    settings: &[RouteSettings],
    templates: Option<&Templates>,
) -> Option<Routes> {
    let mut routes = Vec::new();
    let mut complete = true;
    for route in settings {
        if let (Some(name), Some(templates)) = (&route.template, templates)
            && !templates.contains(name)
        {
            loaded.error(
                &format!("{}.template", route.key),
                format!("there is no template `{name}`"),
                format!("add `en/{name}.hbs` (and `zh/{name}.hbs`) to the templates folder, or name one that is there"),
            );
            complete = false;
        }
        match Route::compile(spec(route)) {
            Ok(route) => routes.push(route),
            Err(errors) => {
                complete = false;
                for error in errors {
                    loaded.error(&format!("{}.{}", route.key, error.key), error.what, error.remedy);
                }
            }
        }
    }
    complete.then(|| Routes::new(routes))
}

fn spec(route: &RouteSettings) -> RouteSpec {
    let route = route.clone();
    RouteSpec {
        name: route.name,
        source: route.source,
        event: route.event,
        action: route.action,
        repo: route.repo,
        branch: route.branch,
        tag: route.tag,
        status: route.status,
        actor: route.actor,
        author: route.author,
        label: route.label,
        when: route.when,
        to: route.to,
        mention: route.mention,
        template: route.template,
        language: route.language.map(|language| language.name().to_owned()),
        urgent: route.urgent,
        is_final: route.is_final,
    }
}

/// All templates and word lists under `dir`, with paths relative to it; none where the folder does not exist.
fn read_templates(dir: &Path) -> io::Result<Vec<TemplateFile>> {
    let mut files = Vec::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = match std::fs::read_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && folder == dir => return Ok(files),
            entries => entries?,
        };
        for entry in entries {
            let path = entry?.path();
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
