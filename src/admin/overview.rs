//! The overview: what needs a person, and how it stands with everything that comes in and goes out.

mod chart;
mod hello;
mod needs;

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use futures_util::future::join3;
use jiff::Timestamp;

use self::chart::{BudgetChart, Spark, axis};
use self::hello::Hello;
use self::needs::{Act, Piece};
use super::frame::{Frame, Moment, Nav, short_time};
use super::meter::BotLine;
use super::visitor::Visitor;
use super::words::{Words, number};
use crate::operate::Operator;
use crate::operate::budget::{BudgetStage, BudgetState};
use crate::operate::groups::GroupState;
use crate::operate::traffic::Traffic;

/// A part of the page, or why it cannot be read. One part's trouble is not that of the others.
type Part<T> = Result<T, String>;

#[derive(Template)]
#[template(path = "admin/overview.html")]
struct OverviewPage {
    frame: Frame,
    words: &'static Words,
    now: Moment,
    last_day: String,
    facts: Vec<(&'static str, String)>,
    needs: Part<Vec<Act>>,
    traffic: Part<TrafficPart>,
    groups: Part<Vec<GroupRow>>,
    queues: Vec<QueueRow>,
    /// How many wait in all, if any does.
    waiting: Option<String>,
    budgets: Part<Vec<BudgetPanel>>,
}

struct TrafficPart {
    axis: Vec<String>,
    sources: Vec<SourceRow>,
    /// Set where nothing has ever come in.
    hello: Option<Hello>,
}

struct SourceRow {
    name: String,
    last: Option<(Moment, String)>,
    spark: Spark,
}

struct GroupRow {
    name: String,
    bots: Vec<BotLine>,
    spark: Option<Spark>,
}

/// What waits for a group.
struct QueueRow {
    name: String,
    count: String,
    oldest: String,
    next: String,
}

struct BudgetPanel {
    title: String,
    used: String,
    chart: BudgetChart,
    sentences: Vec<String>,
}

pub async fn page(
    request: HttpRequest,
    visitor: Visitor,
    operator: Data<Operator>,
) -> HttpResponse {
    let words = visitor.words;
    let now = operator.clock.now();
    let (traffic, groups, budgets) =
        join3(operator.traffic(), operator.groups(), operator.budgets()).await;
    let needs = match (&groups, &budgets) {
        (Ok(groups), Ok(budgets)) => operator.needs_of(groups, budgets).await,
        (Err(error), _) | (_, Err(error)) => Err(error.clone()),
    };

    let sum = |counts: &[u32]| counts.iter().map(|count| u64::from(*count)).sum::<u64>();
    let mut facts = Vec::new();
    if let Ok(traffic) = &traffic {
        let accepted = traffic.sources.iter().map(|it| sum(&it.accepted)).sum();
        let posted = traffic.groups.iter().map(|it| sum(&it.posted)).sum();
        facts.push((words.overview.accepted, number(accepted)));
        facts.push((words.overview.posted, number(posted)));
    }
    let waiting = groups
        .as_ref()
        .map_or(0, |groups| groups.iter().map(|it| it.waiting).sum());
    if groups.is_ok() {
        facts.push((words.overview.waiting, number(waiting.into())));
    }
    let title = match &needs {
        Ok(needs) => (words.overview.title)(needs.len()),
        Err(_) => words.nav.overview.to_owned(),
    };
    let queues = groups.as_ref().map_or_else(
        |_| Vec::new(),
        |groups| {
            let waiting = groups.iter().filter(|group| group.waiting > 0);
            waiting.map(|group| queue(group, words, now)).collect()
        },
    );
    let rows = groups.map(|groups| {
        let row = |group: GroupState| GroupRow {
            bots: BotLine::all(&group, words),
            spark: traffic.as_ref().ok().and_then(|traffic| {
                let found = traffic.groups.iter().find(|it| it.group == group.name)?;
                Some(Spark::of(&found.posted, |sum, most| {
                    (words.overview.posts)(&group.name, sum, most)
                }))
            }),
            name: group.name,
        };
        groups.into_iter().map(row).collect()
    });
    super::page(
        StatusCode::OK,
        &OverviewPage {
            frame: Frame::new(&visitor, Nav::Overview, title),
            words,
            last_day: (words.overview.last_day)(&Moment::of(now).zoned),
            now: Moment::of(now),
            facts,
            needs: needs
                .map(|needs| needs.iter().map(|need| Act::of(need, words, now)).collect())
                .map_err(told),
            traffic: traffic
                .map(|traffic| traffic_part(traffic, &operator, &request, words, now))
                .map_err(told),
            groups: rows.map_err(told),
            queues,
            waiting: (waiting > 0).then(|| (words.overview.how_many_wait)(&number(waiting.into()))),
            budgets: budgets
                .map(|budgets| budgets.iter().map(|budget| panel(budget, words)).collect())
                .map_err(told),
        },
    )
}

fn told(error: crate::store::StoreError) -> String {
    tracing::error!(%error, "a part of the overview could not be read");
    error.to_string()
}

fn traffic_part(
    traffic: Traffic,
    operator: &Operator,
    request: &HttpRequest,
    words: &Words,
    now: Timestamp,
) -> TrafficPart {
    let nothing_came = traffic.sources.iter().all(|source| source.last.is_none());
    let hello = nothing_came.then(|| Hello::of(&traffic.sources, operator, request));
    TrafficPart {
        axis: axis(traffic.since, words),
        hello: hello.flatten(),
        sources: traffic
            .sources
            .into_iter()
            .map(|source| SourceRow {
                spark: Spark::of(&source.accepted, |sum, most| {
                    (words.overview.arrivals)(&source.source, sum, most)
                }),
                last: source
                    .last
                    .map(|last| (Moment::of(last), (words.ago)(now.duration_since(last)))),
                name: source.source,
            })
            .collect(),
    }
}

fn queue(group: &GroupState, words: &Words, now: Timestamp) -> QueueRow {
    let of = &words.overview;
    let age = group.waiting_since.map(|since| now.duration_since(since));
    let is_full = group
        .bots
        .iter()
        .all(|bot| bot.free_at().is_some_and(|free_at| free_at > now));
    let free_at = group.bots.iter().filter_map(|bot| bot.free_at()).min();
    let next = if group.is_mute() {
        of.next_is_mute.to_owned()
    } else if let Some(until) = group.quiet_until {
        (of.next_is_quiet)(&short_time(until))
    } else if let (true, Some(free_at)) = (is_full, free_at) {
        (of.next_is_full)(&Moment::exact(free_at).short)
    } else {
        of.next_is_now.to_owned()
    };
    QueueRow {
        name: group.name.clone(),
        count: number(group.waiting.into()),
        oldest: age.map(words.span).unwrap_or_default(),
        next,
    }
}

fn panel(budget: &BudgetState, words: &Words) -> BudgetPanel {
    let of = &words.overview;
    let monthly = u64::from(budget.monthly);
    let percent = |posts: u64| posts * 100 / monthly.max(1);
    let renewed = short_time(budget.renewed_at);
    let mut sentences = Vec::new();
    if budget.stage == BudgetStage::Spent {
        sentences.push((of.is_spent)(&renewed));
    } else {
        let expected = (of.at_this_pace)(&number(budget.expected), percent(budget.expected));
        sentences.push(expected);
        sentences.extend(budget.ends_on.map(|date| (of.ends_on)(&date.to_string())));
        sentences.extend(budget.reached.map(of.warned));
    }
    let used = (of.budget_used)(
        &number(budget.used.into()),
        &number(monthly),
        percent(budget.used.into()),
    );
    BudgetPanel {
        title: (of.budget_of)(&budget.organization),
        chart: BudgetChart::of(budget, format!("{used}. {}", sentences.join(" "))),
        used,
        sentences,
    }
}
