//! Traces, as a collector gets them.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use hookbell::app::Role;
use hookbell::sandbox::{Order, Trouble};
use serde_json::{Value, json};

use crate::relay::{PATIENCE, TestRelay, free_port};
use crate::vendor::{self, Webhook};

/// A collector that keeps what it is sent, and what it was asked with.
#[derive(Clone, Default)]
struct Collector {
    spans: Arc<Mutex<Vec<Value>>>,
    asked: Arc<Mutex<Vec<(String, String)>>>,
}

impl Collector {
    /// Starts it; gives its address.
    fn start(&self) -> String {
        let listener = free_port();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let collector = self.clone();
        let server = HttpServer::new(move || {
            App::new()
                .app_data(web::Data::new(collector.clone()))
                .route("/v1/traces", web::post().to(take))
        });
        let server = server.workers(1).listen(listener).unwrap();
        tokio::spawn(server.disable_signals().run());
        address
    }

    /// The spans of a trace, once there are so many.
    async fn trace(&self, delivery: &str, count: usize) -> Vec<Value> {
        let trace = delivery.replace('-', "");
        let waiting = async {
            loop {
                let spans = self.spans.lock().unwrap().clone();
                let of_trace: Vec<Value> = spans
                    .into_iter()
                    .filter(|span| span["traceId"] == trace)
                    .collect();
                if of_trace.len() >= count {
                    return of_trace;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let found = tokio::time::timeout(PATIENCE, waiting).await;
        found.unwrap_or_else(|_| panic!("only {:#?}", self.spans.lock().unwrap()))
    }
}

async fn take(
    collector: web::Data<Collector>,
    request: HttpRequest,
    body: web::Json<Value>,
) -> HttpResponse {
    let header = |name: &str| {
        let value = request.headers().get(name).map(|value| value.to_str());
        value.map_or(String::new(), |value| value.unwrap().to_owned())
    };
    let asked = (header("content-type"), header("authorization"));
    collector.asked.lock().unwrap().push(asked);
    let resource = &body["resourceSpans"][0];
    assert_eq!(
        resource["resource"]["attributes"][0]["value"]["stringValue"],
        "relay"
    );
    let spans = resource["scopeSpans"][0]["spans"].as_array().unwrap();
    collector.spans.lock().unwrap().extend(spans.clone());
    HttpResponse::Ok().json(json!({}))
}

fn routes(collector: &str) -> String {
    format!(
        "[otlp]\nendpoint = \"{collector}\"\nservice = \"relay\"\nheaders = {{ Authorization = \"Bearer hush\" }}\n\
         [[routes]]\nname = \"all\"\nto = [\"backend\"]\n"
    )
}

fn issue(number: usize) -> Webhook {
    let body = json!({
        "action": "opened", "issue": {"number": number, "title": "Lost", "user": {"login": "mona"}},
        "repository": {"full_name": "acme/shop"}, "sender": {"login": "mona"}
    });
    vendor::github("issues", &format!("issue-{number}"), &body)
}

fn attribute<'a>(span: &'a Value, key: &str) -> &'a str {
    let attributes = span["attributes"].as_array().unwrap();
    let found = attributes.iter().find(|attribute| attribute["key"] == key);
    found.unwrap()["value"]["stringValue"].as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_trace_goes_from_the_webhook_to_the_post_and_its_repeats() {
    let collector = Collector::default();
    let relay = TestRelay::start(&routes(&collector.start())).await;
    relay.sandbox.order(Order::next(1, Trouble::Busy));
    let from_elsewhere = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let answer = relay
        .post(&issue(1).with("traceparent", from_elsewhere))
        .await;
    let delivery = answer.body["id"].as_str().unwrap().to_owned();
    relay.messages(1).await;
    relay.settled().await;
    relay.post(&issue(1)).await;

    let spans = collector.trace(&delivery, 4).await;
    let first = &spans[0];
    assert_eq!(first["name"], "take webhook");
    assert_eq!(attribute(first, "outcome"), "accepted");
    assert_eq!(attribute(first, "delivery.id"), delivery);
    assert!(first.get("parentSpanId").is_none(), "{first}");
    assert_eq!(
        first["links"][0]["traceId"],
        "0af7651916cd43dd8448eb211c80319c"
    );
    let others: Vec<(&Value, &str)> = spans[1..]
        .iter()
        .map(|span| (&span["name"], attribute(span, "outcome")))
        .collect();
    let expected = [
        (&json!("post message"), "retry"),
        (&json!("post message"), "posted"),
        (&json!("take webhook"), "duplicate"),
    ];
    assert_eq!(others, expected);
    for span in &spans[1..] {
        assert_eq!(span["parentSpanId"], first["spanId"]);
        assert_ne!(span["spanId"], first["spanId"]);
    }
    assert_eq!(spans[1]["status"]["code"], 2, "{}", spans[1]);
    assert!(spans[2].get("status").is_none());
    let nanoseconds =
        |span: &Value, key: &str| -> u128 { span[key].as_str().unwrap().parse().unwrap() };
    for span in &spans {
        assert!(nanoseconds(span, "startTimeUnixNano") <= nanoseconds(span, "endTimeUnixNano"));
    }
    let asked = collector.asked.lock().unwrap()[0].clone();
    assert_eq!(asked, ("application/json".into(), "Bearer hush".into()));
    relay.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_event_of_a_story_has_the_post_in_its_trace_also_by_another_relay() {
    let collector = Collector::default();
    let routes = routes(&collector.start()) + "gather = \"30s\"\n";
    let mut relay = TestRelay::start_as(Role::Ingest, &routes).await;
    let mut ids = Vec::new();
    for delivery in ["one", "two"] {
        let webhook = issue(1).changed("x-github-delivery", delivery);
        let answer = relay.post(&webhook).await;
        ids.push(answer.body["id"].as_str().unwrap().to_owned());
    }
    relay.restart(&routes).await;
    relay.messages(1).await;
    for id in ids {
        let spans = collector.trace(&id, 2).await;
        assert_eq!(attribute(&spans[0], "outcome"), "accepted");
        assert_eq!(attribute(&spans[1], "message.shape"), "story");
        assert_eq!(spans[1]["parentSpanId"], spans[0]["spanId"]);
    }
    relay.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_away_keeps_nobody_waiting_and_what_is_lost_is_counted() {
    let nobody = format!("http://{}", free_port().local_addr().unwrap());
    let relay = TestRelay::start(&routes(&nobody)).await;
    assert_eq!(relay.post(&issue(1)).await.status, 202);
    relay.messages(1).await;
    let lost = async {
        loop {
            let metrics = reqwest::get(format!("{}/metrics", relay.admin)).await;
            let metrics = metrics.unwrap().text().await.unwrap();
            if metrics.contains("hookbell_spans_lost_total 2") {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE, lost)
        .await
        .expect("not counted");
    relay.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_last_posts_tell_is_exported_before_the_end() {
    let collector = Collector::default();
    let relay = TestRelay::start(&routes(&collector.start())).await;
    let answer = relay.post(&issue(1)).await;
    let id = answer.body["id"].as_str().unwrap().to_owned();
    relay.messages(1).await;
    relay.finish().await;
    let trace = id.replace('-', "");
    let spans = collector.spans.lock().unwrap();
    assert_eq!(
        spans.iter().filter(|span| span["traceId"] == trace).count(),
        2
    );
}
