"""The names of all verbs, each with its line of help, in the order of the help."""

VERBS = {
    "list": "Show the codebooks at hand.",
    "info": "Show what a codebook is made of.",
    "table": "Show, sort and filter the descriptors of a codebook's codes.",
    "map": "Draw a codebook's codes on a plane, similar codes near each other.",
    "traverse": "Hear a codebook in the order of a descriptor.",
    "reach": "Show how well a codebook can meet some targets.",
    "synth": "Make a sound that follows descriptor curves.",
    "batch": "Make many sounds: every target with every codebook.",
    "encode": "Turn a sound into a path of codes and gain.",
    "decode": "Turn a path into sound.",
    "transfer": "Play a sound in a codebook's timbre.",
    "live": "Play a codebook live, by OSC, MIDI or a sound.",
    "export": "Write a codebook or a continuous model as a file for nn~, with patches.",
    "train": "Learn a codebook from a folder of sounds.",
    "studio": "Draw curves in the browser and hear them while you draw.",
    "continuous": "Glide between sounds: the verbs of the continuous model.",
}

CONTINUOUS_VERBS = {
    "list": "Show the models at hand.",
    "info": "Show what a model is made of, and what its components follow.",
    "encode": "Turn a sound into a latent path.",
    "bend": "Bend a latent path by hand.",
    "plot": "Draw a latent path.",
    "decode": "Turn a latent path into sound.",
    "transfer": "Play a sound in a model's timbre.",
    "morph": "Turn one sound into another.",
    "plane": "Move between four sounds.",
    "live": "Play a model live: bend what comes in, or move between two sounds.",
    "train": "Learn a model from a folder of sounds.",
}
