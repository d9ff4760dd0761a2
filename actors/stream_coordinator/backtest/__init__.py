"""What only a backtest needs: its sessions, the tape being played, pace, credit."""
