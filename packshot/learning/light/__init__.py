"""What retouchers do to light: the model that predicts it, and how it is learned."""
