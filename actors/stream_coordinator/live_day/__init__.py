"""What only a live day needs: feeds heard, phases, lag, readiness, when it is written down."""
