"""From sounds to a continuous model: corpus, VAE, vocoders, the loop that trains them, figures, and the bundle."""
