"""The networks: their layers, the samples they are trained on, training, tuning and export."""
