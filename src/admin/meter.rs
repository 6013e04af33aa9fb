//! A bot's minute as a row of squares, with the sentence that says the same.

use super::frame::short_time;
use super::words::Words;
use crate::operate::bots::BotState;
use crate::operate::groups::GroupState;

/// From so many tenths of the limit on, the squares warn.
const NEARLY_FULL: u32 = 9;

/// A bot on a page.
pub struct BotLine {
    pub name: String,
    /// Where each square stands, and whether it is filled.
    pub cells: Vec<(u32, bool)>,
    pub width: u32,
    pub used: u32,
    pub limit: u32,
    pub is_nearly_full: bool,
    /// What a screen reader says.
    pub label: String,
    /// `14 of 20 this minute`
    pub sentence: String,
    /// Why it does not post now, if so.
    pub pause: Option<Pause>,
}

/// Why a bot does not post.
pub struct Pause {
    /// A class for its colour, and the mark that goes with it.
    pub class: &'static str,
    pub mark: &'static str,
    pub sentence: String,
    /// What is wrong with the bot, in the words that were stored.
    pub reason: Option<String>,
}

impl BotLine {
    pub fn all(group: &GroupState, words: &Words) -> Vec<BotLine> {
        let line = |bot: &BotState| BotLine::of(&group.name, bot, words);
        group.bots.iter().map(line).collect()
    }

    fn of(group: &str, bot: &BotState, words: &Words) -> BotLine {
        let (used, limit) = (bot.used.min(bot.per_minute), bot.per_minute);
        BotLine {
            name: bot.name.clone(),
            cells: (0..limit).map(|at| (8 * at, at < used)).collect(),
            width: 8 * limit,
            used,
            limit,
            is_nearly_full: used * 10 >= limit * NEARLY_FULL,
            label: (words.bots.meter)(group, &bot.name),
            sentence: (words.bots.this_minute)(used, limit),
            pause: pause(bot, words),
        }
    }
}

fn pause(bot: &BotState, words: &Words) -> Option<Pause> {
    let pause = |class, mark, sentence| Pause {
        class,
        mark,
        sentence,
        reason: bot.aside.clone(),
    };
    if bot.aside.is_some() {
        return Some(pause("bad", "m-bad", words.bots.aside.to_owned()));
    }
    if let Some(until) = bot.rests_until {
        let sentence = (words.bots.rests_until)(&short_time(until));
        return Some(pause("wait", "m-wait", sentence));
    }
    let until = bot.full_until?;
    let sentence = (words.bots.full_until)(&super::frame::Moment::exact(until).short);
    Some(pause("wait", "m-wait", sentence))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bot(used: u32) -> BotState {
        BotState {
            name: "bell".into(),
            used,
            per_minute: 20,
            full_until: None,
            rests_until: None,
            aside: None,
        }
    }

    fn line(bot: &BotState) -> BotLine {
        BotLine::of("ops", bot, Words::english())
    }

    #[test]
    fn a_minute_is_squares_and_a_sentence() {
        let line = line(&bot(14));
        assert_eq!(line.cells.iter().filter(|(_, filled)| *filled).count(), 14);
        assert_eq!(line.sentence, "14 of 20 this minute");
        assert!(!line.is_nearly_full && line.pause.is_none());
    }

    #[test]
    fn squares_warn_from_eighteen_of_twenty() {
        assert!(!line(&bot(17)).is_nearly_full);
        assert!(line(&bot(18)).is_nearly_full);
    }

    #[test]
    fn a_bot_set_aside_says_so_before_all_else() {
        let aside = BotState {
            aside: Some("The bot was removed from the group.".into()),
            rests_until: Some("2026-11-26T12:00:00Z".parse().unwrap()),
            ..bot(20)
        };
        let pause = line(&aside).pause.unwrap();
        assert_eq!((pause.class, pause.sentence.as_str()), ("bad", "set aside"));
        assert!(pause.reason.unwrap().contains("removed"));
    }
}
