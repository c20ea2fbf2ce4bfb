"""Photos to learn finding products from, drawn by the batch on the device that learns."""
