"""Edge: HTTP. It is handed its handlers and knows neither the engine nor the kernel."""
