//! What Prometheus reads, and that dashboard, alert rules and documentation speak of the same.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use hookbell::metrics::catalogue::{ALL, Instrument, Kind};
use hookbell::sandbox::{Order, Trouble};
use serde_json::{Value, json};

use crate::documents::assert_current;
use crate::relay::{EVERYTHING, TestRelay};
use crate::vendor::{self, Webhook};

fn issue(number: usize) -> Webhook {
    let body = json!({
        "action": "opened",
        "issue": {"number": number, "title": "Lost", "user": {"login": "mona"},
                  "html_url": format!("https://github.com/acme/shop/issues/{number}")},
        "repository": {"full_name": "acme/shop"}, "sender": {"login": "mona"}
    });
    vendor::github("issues", &format!("issue-{number}"), &body)
}

async fn metrics(relay: &TestRelay) -> String {
    let address = format!("{}/metrics", relay.admin);
    let answer = reqwest::get(address).await.unwrap();
    assert_eq!(answer.status().as_u16(), 200);
    answer.text().await.unwrap()
}

fn assert_has(metrics: &str, lines: &[&str]) {
    for line in lines {
        let found = metrics.lines().any(|known| known == *line);
        assert!(found, "{line} in:\n{metrics}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_to_webhooks_and_messages_is_counted() {
    let relay = TestRelay::start(EVERYTHING).await;
    relay.sandbox.order(Order::next(1, Trouble::Busy));
    assert_eq!(relay.post(&issue(1)).await.status, 202);
    relay.messages(1).await;
    assert_eq!(relay.post(&issue(1)).await.status, 200);
    let ping = vendor::github("ping", "ping-1", &json!({"zen": "Keep it simple."}));
    assert_eq!(relay.post(&ping).await.status, 200);
    let forged = issue(2).changed("x-hub-signature-256", "sha256=00");
    assert_eq!(relay.post(&forged).await.status, 401);
    let mut elsewhere = issue(3);
    elsewhere.source = "a-name-that-a-stranger-made-up".into();
    assert_eq!(relay.post(&elsewhere).await.status, 404);
    relay.settled().await;
    let told = metrics(&relay).await;
    assert_has(
        &told,
        &[
            "hookbell_deliveries_accepted_total{source=\"github\"} 1",
            "hookbell_deliveries_accepted_total{source=\"gitlab\"} 0",
            "hookbell_deliveries_duplicate_total{source=\"github\"} 1",
            "hookbell_deliveries_ignored_total{source=\"github\"} 1",
            "hookbell_deliveries_refused_total{source=\"github\",reason=\"unverified\"} 1",
            "hookbell_deliveries_refused_total{source=\"\",reason=\"unknown_source\"} 1",
            "hookbell_accept_seconds_count{source=\"github\"} 4",
            "hookbell_attempts_total{group=\"backend\",bot=\"bot\",outcome=\"retry\"} 1",
            "hookbell_attempts_total{group=\"backend\",bot=\"bot\",outcome=\"posted\"} 1",
            "hookbell_messages_posted_total{group=\"backend\",shape=\"single\"} 1",
            "hookbell_told_seconds_count{group=\"backend\"} 1",
            "hookbell_answer_seconds_count{group=\"backend\"} 2",
            "hookbell_queue_events{group=\"backend\"} 0.0",
            "hookbell_dead_letters{group=\"backend\"} 0.0",
            "hookbell_bot_window_used{group=\"backend\",bot=\"bot\"} 2.0",
            "hookbell_bot_window_limit{group=\"backend\",bot=\"bot\"} 20.0",
            "hookbell_bot_aside{group=\"backend\",bot=\"bot\"} 0.0",
            "hookbell_config_revision 1.0",
            "hookbell_last_reload_successful 1.0",
            "hookbell_store_readable 1.0",
        ],
    );
    assert!(told.contains("hookbell_loop_silent_seconds{loop=\"worker\",group=\"backend\"}"));
    assert!(!told.contains("stranger"), "labels are names of the config");
    relay.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_set_aside_a_dead_letter_and_a_bad_edit_show() {
    let relay = TestRelay::start_reloading(EVERYTHING).await;
    relay
        .sandbox
        .order(Order::next(1, Trouble::Http { status: 413 }));
    assert_eq!(relay.post(&issue(1)).await.status, 202);
    relay.settled().await;
    relay
        .reload(|relay| relay.rewrite("[[routes]]\nname = \"x\"\nto = [\"nowhere\"]\n"))
        .await;
    assert_has(
        &metrics(&relay).await,
        &[
            "hookbell_dead_letters{group=\"backend\"} 1.0",
            "hookbell_reloads_total{outcome=\"refused\"} 1",
            "hookbell_last_reload_successful 0.0",
        ],
    );
    relay.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_token_only_who_shows_it_reads_them() {
    let relay = TestRelay::start(&format!("[admin]\ntoken = \"letmein\"\n{EVERYTHING}")).await;
    let address = format!("{}/metrics", relay.admin);
    let http = reqwest::Client::new();
    let nobody = http.get(&address).send().await.unwrap();
    assert_eq!(nobody.status().as_u16(), 401);
    let scraper = http.get(&address).bearer_auth("letmein").send().await;
    assert_eq!(scraper.unwrap().status().as_u16(), 200);
    relay.finish().await;
}

/// What the dashboard and the rules ask Prometheus, each with where it stands.
fn queries() -> Vec<(String, String)> {
    let mut queries = Vec::new();
    let dashboard = fs::read_to_string(deployed("grafana/hookbell.json")).unwrap();
    let dashboard: Value = serde_json::from_str(&dashboard).unwrap();
    for panel in dashboard["panels"].as_array().unwrap() {
        for target in panel["targets"].as_array().into_iter().flatten() {
            let query = target["expr"].as_str().unwrap();
            let query = query
                .replace("$__rate_interval", "5m")
                .replace("$job", ".*");
            queries.push((format!("dashboard, {}", panel["title"]), query));
        }
    }
    let rules = fs::read_to_string(deployed("prometheus/alerts.yml")).unwrap();
    for rule in rules.split("- alert: ").skip(1) {
        let name = rule.lines().next().unwrap();
        let query = rule.split("expr: ").nth(1).unwrap();
        let query = query.split("for: ").next().unwrap();
        let query = query.split("labels: ").next().unwrap();
        queries.push((format!("rule {name}"), query.trim().replace("|\n", "")));
    }
    queries
}

fn deployed(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("deploy")
        .join(file)
}

#[test]
fn dashboard_and_rules_name_only_what_there_is() {
    let mut known = BTreeSet::new();
    for of in ALL {
        let name = of.full_name();
        if matches!(of.kind, Kind::Histogram(_)) {
            known.extend(["_bucket", "_sum", "_count"].map(|end| format!("{name}{end}")));
        } else {
            known.insert(name);
        }
    }
    let mut asked = BTreeSet::new();
    for (place, query) in queries() {
        let words = query.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let names: Vec<&str> = words.filter(|word| word.starts_with("hookbell_")).collect();
        assert!(!names.is_empty(), "{place} asks nothing: {query}");
        for name in names {
            assert!(known.contains(name), "{place} asks for {name}");
            asked.insert(name.to_owned());
        }
    }
    // Where there is a total, its parts need no panel.
    let shown = |of: &&&Instrument| asked.iter().any(|name| name.starts_with(&of.full_name()));
    let hidden: Vec<&str> = ALL
        .iter()
        .filter(|of| !shown(of))
        .map(|of| of.name)
        .collect();
    assert_eq!(hidden, Vec::<&str>::new(), "nobody looks at these");
}

#[test]
fn prometheus_understands_the_rules_and_what_the_dashboard_asks() {
    let mut rules = String::from("groups:\n  - name: dashboard\n    rules:\n");
    for (number, (_, query)) in queries().iter().enumerate() {
        let query = query.replace('\n', " ");
        writeln!(rules, "      - record: hookbell:query{number}").unwrap();
        writeln!(rules, "        expr: {}", json!(query)).unwrap();
    }
    let own = fs::read_to_string(deployed("prometheus/alerts.yml")).unwrap();
    for text in [rules, own] {
        let Some(told) = promtool(&["check", "rules", "/dev/stdin"], &text) else {
            return;
        };
        assert_eq!(told, "", "{text}");
    }
}

/// What Prometheus' own tool has to complain about a text; `None` where it is not installed.
fn promtool(words: &[&str], text: &str) -> Option<String> {
    let tool = Command::new("promtool")
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut tool) = tool else {
        assert!(
            std::env::var_os("HOOKBELL_CI").is_none(),
            "no promtool on this machine"
        );
        return None;
    };
    let mut stdin = tool.stdin.take().unwrap();
    stdin.write_all(text.as_bytes()).unwrap();
    drop(stdin);
    let output = tool.wait_with_output().unwrap();
    match output.status.success() {
        true => Some(String::new()),
        false => Some(
            String::from_utf8_lossy(&output.stderr).into_owned()
                + &String::from_utf8_lossy(&output.stdout),
        ),
    }
}

#[test]
fn the_page_of_metrics_is_what_the_code_says() {
    let mut page = String::from(
        "# Metrics\n\n\
         Made from the code by `HOOKBELL_UPDATE_DOCS=1 cargo test --test it metrics`.\n\n\
         `GET /metrics` on `admin.listen` is for Prometheus. Where `admin.token` is set, the scraper sends it as a bearer \
         token:\n\n\
         ```yaml\nscrape_configs:\n  - job_name: hookbell\n    authorization: { credentials_file: /etc/prometheus/hookbell-token }\n    \
         static_configs: [{ targets: [\"127.0.0.1:8081\"] }]\n```\n\n\
         Labels are names from the config and words of ours, so that their number is bounded by the config. Several replicas \
         that share a database each count what they did themselves; what stands in the database (queues, dead letters, bots' \
         minutes, budgets) all of them tell alike: take `max` of it and not `sum`.\n\n\
         `deploy/grafana/hookbell.json` is a dashboard of all this, `deploy/prometheus/alerts.yml` has alert rules.\n\n\
         | metric | type | labels | meaning |\n|---|---|---|---|\n",
    );
    for of in ALL {
        let kind = match of.kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram(_) => "histogram",
        };
        let name = of.full_name();
        let labels: Vec<String> = of.labels.iter().map(|label| format!("`{label}`")).collect();
        let labels = labels.join(", ");
        writeln!(page, "| `{name}` | {kind} | {labels} | {}. |", of.help).unwrap();
    }
    assert_current("metrics.md", &page);
}
