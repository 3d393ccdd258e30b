"""Edge: HTTP. Its handlers are passed in; it imports neither the engine's nor the kernel's side."""
