//! Pipelines that fail again and again.

mod words;
