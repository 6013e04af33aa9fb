//! Pieces of the sentences in problems.

/// The words with commas and a final "or".
pub fn any_of(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [only] => only.clone(),
        [head @ .., last] => format!("{} or {last}", head.join(", ")),
    }
}

/// The name that was probably meant, if one is near enough.
pub fn closest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    known
        .iter()
        .map(|candidate| (strsim::jaro_winkler(name, candidate), *candidate))
        .filter(|(similarity, _)| *similarity > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// What to write instead of `name`: the nearest of the known names, and all of them.
pub fn suggestion<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    let list = known.join(", ");
    match closest(name, &known) {
        Some(meant) => format!("did you mean `{meant}`? Known are: {list}"),
        None if known.is_empty() => "there is none yet".to_owned(),
        None => format!("known are: {list}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_recognized_and_another_word_is_not() {
        let known = ["listen", "max_body"];
        assert_eq!(closest("lisen", &known), Some("listen"));
        assert_eq!(closest("maxbody", &known), Some("max_body"));
        assert_eq!(closest("colour", &known), None);
    }
}
