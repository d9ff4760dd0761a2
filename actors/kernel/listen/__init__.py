"""Who listens: subscriptions, the fanout that feeds them, and minutes that wait for them."""
