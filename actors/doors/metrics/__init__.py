"""What a run tells to monitoring: Prometheus' metrics, health, and a Grafana dashboard of them."""
