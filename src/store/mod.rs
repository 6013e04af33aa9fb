//! The store: deliveries, the outbox and what became of it, durable over restarts.
