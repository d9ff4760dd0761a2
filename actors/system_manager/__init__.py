"""Life: start and stop order, states, supervision, health."""
