"""Where selector and predictor start."""
