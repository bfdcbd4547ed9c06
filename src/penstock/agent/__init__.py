"""The data plane: what carries a configuration to nginx, proves that it serves it, and goes back when it does not."""
