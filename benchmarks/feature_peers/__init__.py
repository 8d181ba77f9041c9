"""What arousal's features are compared with: signals with a known truth, and other programs."""
