"""What lies beside a day's bars: its certificate."""
