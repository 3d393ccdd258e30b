"""Whether one container reaches another, the host or an address outside, step by step, and why not."""
