"""The names of all verbs, each with its line for the help, in the order in which one meets them."""

VERBS = {
    "list": "Show the codebooks at hand.",
    "info": "Show what a codebook is made of.",
    "table": "Show, sort and filter the descriptors of a codebook's codes.",
    "map": "See a codebook's codes, the near ones alike.",
    "traverse": "Hear a codebook in the order of a descriptor.",
    "reach": "Show what of a demand a codebook can meet.",
    "synth": "Make a sound that follows descriptor curves.",
    "batch": "Make many sounds: every target with every codebook.",
    "encode": "Turn a sound into a path of codes and gain.",
    "decode": "Turn a path into sound.",
    "transfer": "Play a sound in a codebook's timbre.",
    "train": "Learn a codebook from a folder of sounds.",
    "continuous": "Glide between sounds: the continuous model, and verbs of its own.",
}

CONTINUOUS_VERBS = {
    "list": "Show the models at hand.",
    "info": "Show what a model is made of, and what its components follow.",
    "encode": "Turn a sound into a latent path.",
    "bend": "Bend a latent path by hand.",
    "plot": "Draw a latent path.",
    "decode": "Turn a latent path into sound.",
    "transfer": "Play a sound as a model hears it.",
    "morph": "Turn one sound into another.",
    "plane": "Move between four sounds.",
    "train": "Learn a model from a folder of sounds.",
}
