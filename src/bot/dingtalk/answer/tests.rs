use super::*;

fn outcome(body: &str) -> Outcome {
    of_response(200, body).outcome
}

#[test]
fn every_code_has_its_meaning() {
    let rows = [
        (0, Posted),
        (-1, Outcome::Retry(Retry::Times(3))),
        (15, BACKOFF),
        (404, BOT),
        (33001, BOT),
        (40014, BOT),
        (42001, BOT),
        (43002, BOT),
        (43004, BOT),
        (43005, BOT),
        (43009, BOT),
        (90001, REST),
        (90002, REST),
        (90014, REST),
        (90018, REST),
        (90020, BOT),
        (101002, MESSAGE),
        (130101, REST),
        (130102, ONCE),
        (300001, BOT),
        (300005, BOT),
        (302033, ONCE),
        (400007, BOT),
        (400013, BOT),
        (400101, BOT),
        (400102, BOT),
        (400105, MESSAGE),
        (400106, BOT),
        (410100, REST),
        (430101, CONTENT),
        (430102, CONTENT),
        (430103, CONTENT),
        (430104, CONTENT),
        (460101, MESSAGE),
        (660026, REST),
        (777777, ONCE),
    ];
    for (code, expected) in rows {
        let answer = of_response(200, &format!(r#"{{"errcode":{code},"errmsg":"x"}}"#));
        assert_eq!(answer.outcome, expected, "{code}");
        assert_eq!(answer.code, Some(code.to_string()));
        let as_text = format!(r#"{{"errcode":"{code}","errmsg":"x"}}"#);
        assert_eq!(outcome(&as_text), expected, "{code} as text");
    }
}

#[test]
fn every_row_of_the_table_is_reached_and_tells_what_happened() {
    for (codes, expected, sentence) in CODES {
        for code in [*codes.start(), *codes.end()] {
            let answer = of_code(code, &Value::Null);
            assert_eq!(
                (answer.outcome, answer.sentence.as_str()),
                (*expected, *sentence)
            );
        }
    }
}

#[test]
fn an_unknown_code_quotes_the_wording_but_no_signed_address() {
    let sentence = |wording: &str| {
        let body = serde_json::json!({"errcode": 7, "errmsg": wording});
        of_response(200, &body.to_string()).sentence
    };
    assert!(sentence("out of tea").ends_with("7: out of tea"));
    assert!(!sentence("POST /robot/send?sign=abc").contains("abc"));
}

#[test]
fn security_failures_are_told_apart_by_their_wording() {
    let rows = [
        ("keywords not in content", BOT, "keywords"),
        (
            "description:关键词不匹配;solution:请联系群管理员查看此机器人的关键词",
            BOT,
            "keywords",
        ),
        (
            "ip 192.0.2.1 not in whitelist, more: [https://ding-doc.example.com]",
            BOT,
            "IPv4",
        ),
        ("错误描述:IP 不在白名单中", BOT, "IPv4"),
        (
            "sign not match, more: [https://ding-doc.example.com]",
            BOT,
            "does not match",
        ),
        (
            "description:机器人发送签名不匹配;solution:请确认签名和生成签名的时间戳必须都放在调用的网址中",
            BOT,
            "does not match",
        ),
        ("Invalid Timestamp", RESIGN, "clock"),
        (
            "错误描述:机器人发送签名过期;解决方案:签名生成时间和发送时间请保持在一小时以内",
            RESIGN,
            "clock",
        ),
        ("sign is missing", BOT, "wants signed"),
        ("缺少签名", BOT, "wants signed"),
        ("send forbidden", BOT, "security settings"),
        ("", BOT, "security settings"),
    ];
    for (wording, expected, part) in rows {
        let body = serde_json::json!({"errcode": 310000, "errmsg": wording});
        let answer = of_response(200, &body.to_string());
        assert_eq!(answer.outcome, expected, "{wording}");
        assert!(
            answer.sentence.contains(part),
            "{wording}: {}",
            answer.sentence
        );
    }
}

#[test]
fn a_missing_parameter_is_the_bots_or_the_messages() {
    assert_eq!(
        outcome(r#"{"errcode":40035,"errmsg":"缺少参数 access_token"}"#),
        BOT
    );
    assert_eq!(
        outcome(r#"{"errcode":40035,"errmsg":"missing parameter json"}"#),
        MESSAGE
    );
}

#[test]
fn the_gateways_code_is_a_time_out_only_without_a_sub_code() {
    assert_eq!(outcome(r#"{"errcode":88,"sub_code":""}"#), BACKOFF);
    assert_eq!(outcome(r#"{"errcode":88}"#), BACKOFF);
    assert_eq!(
        outcome(r#"{"errcode":88,"sub_code":"isv.invalid-session"}"#),
        BOT
    );
}

#[test]
fn an_answer_without_errcode_is_no_success() {
    let blocked = [
        "",
        "ok",
        "{}",
        "[]",
        "<html><body>punished</body></html>",
        r#"{"errmsg":"ok"}"#,
        r#"{"errcode":null}"#,
        r#"{"errcode":{"code":0}}"#,
    ];
    for body in blocked {
        assert_eq!(outcome(body), REST_ALL, "{body}");
    }
    let punished = r#"{"status":1111,"wait":5,"source":"x5","punish":"deny","uuid":"u"}"#;
    assert_eq!(of_response(403, punished).outcome, REST_ALL);
}

#[test]
fn statuses_count_where_there_is_no_errcode() {
    let rows = [
        (302, BOT),
        (400, BOT),
        (403, BOT),
        (404, BOT),
        (408, BACKOFF),
        (413, MESSAGE),
        (429, REST),
        (500, BACKOFF),
        (504, BACKOFF),
    ];
    for (status, expected) in rows {
        let answer = of_response(status, "<html></html>");
        assert_eq!(answer.outcome, expected, "{status}");
        assert_eq!(answer.code, Some(format!("HTTP {status}")));
    }
    assert_eq!(of_response(500, r#"{"errcode":400102}"#).outcome, BOT);
}
