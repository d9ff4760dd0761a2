"""What readers get: bars, metrics, quality, the past."""
