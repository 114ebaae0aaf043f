"""The driver of the bench suite, one module per noun."""
