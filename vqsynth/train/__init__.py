"""From a folder of sounds to a codebook: corpus, augmentation, losses, the loop, its checkpoints, and the bundle."""
