//! DingTalk's custom bot.
