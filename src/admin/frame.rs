//! What surrounds every page: name, links to the other pages, language, and the way out.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::assets;
use super::visitor::Visitor;
use super::words::{Words, number};

/// The pages that everybody can go to from anywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nav {
    Overview,
    Deliveries,
    Groups,
    Routes,
    Dead,
    People,
    Playground,
    /// A page that no link leads to.
    Elsewhere,
}

/// What `admin/layout.html` needs.
pub struct Frame {
    pub words: &'static Words,
    pub root: String,
    pub title: String,
    /// For the phone's menu, which names the page that one is on.
    pub here: &'static str,
    pub links: Vec<Link>,
    pub config_of: String,
    pub csrf: String,
    pub can_log_out: bool,
    /// The same page in the other language.
    pub other_language: String,
    pub version: &'static str,
}

pub struct Link {
    pub href: String,
    pub label: &'static str,
    pub is_here: bool,
    /// How much waits there for a person.
    pub count: Option<String>,
}

impl Frame {
    pub fn new(visitor: &Visitor, nav: Nav, title: impl Into<String>) -> Frame {
        let words = visitor.words;
        let root = &visitor.place.root;
        let link = |to: Nav, path: &str, label: &'static str| Link {
            href: format!("{root}{path}"),
            label,
            is_here: to == nav,
            count: match to {
                Nav::Dead => visitor.dead_letters.filter(|count| *count > 0),
                _ => None,
            }
            .map(|count| number(count.into())),
        };
        let links = vec![
            link(Nav::Overview, "", words.nav.overview),
            link(Nav::Deliveries, "deliveries", words.deliveries.title),
            link(Nav::Groups, "groups", words.nav.groups),
            link(Nav::Routes, "routes", words.nav.routes),
            link(Nav::Playground, "playground", words.nav.playground),
            link(Nav::Dead, "dead", words.dead.title),
            link(Nav::People, "people", words.nav.people),
        ];
        let here = links.iter().find(|link| link.is_here);
        Frame {
            words,
            title: title.into(),
            here: here.map_or(words.menu, |link| link.label),
            config_of: (words.config_of)(&short_time(visitor.config_since)),
            csrf: visitor.pass.form_token.clone(),
            can_log_out: visitor.can_log_out(),
            other_language: format!(
                "{root}language?to={}&from={}",
                words.other_lang,
                visitor.place.encoded()
            ),
            version: assets::version(),
            links,
            root: visitor.place.root.clone(),
        }
    }
}

/// A time of day in the server's zone, with its date where that is not today.
pub fn short_time(time: Timestamp) -> String {
    let zoned = time.to_zoned(TimeZone::system());
    let today = Timestamp::now().to_zoned(TimeZone::system()).date();
    let format = match zoned.date() == today {
        true => "%H:%M",
        false => "%Y-%m-%d %H:%M",
    };
    zoned.strftime(format).to_string()
}

/// A moment as pages show it: short for reading, and whole with its zone for whoever points at it.
pub struct Moment {
    pub short: String,
    /// RFC 3339.
    pub instant: String,
    pub whole: String,
    /// The time of day with its zone.
    pub zoned: String,
}

impl Moment {
    pub fn of(time: Timestamp) -> Moment {
        let zoned = time.to_zoned(TimeZone::system());
        Moment {
            short: short_time(time),
            instant: time.to_string(),
            whole: zoned.strftime("%Y-%m-%d %H:%M:%S %Z").to_string(),
            zoned: zoned.strftime("%H:%M %Z").to_string(),
        }
    }

    /// With seconds.
    pub fn exact(time: Timestamp) -> Moment {
        let zoned = time.to_zoned(TimeZone::system());
        Moment {
            short: zoned.strftime("%H:%M:%S").to_string(),
            ..Moment::of(time)
        }
    }
}
