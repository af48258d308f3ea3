"""From a folder of sounds to a codebook.

    corpus      the frames of the sounds, and how often each is drawn
    augment     another recording of the same frame
    losses      how far a decoded spectrum is from its frame
    trainer     one step of a training, and what decides its weights
    settling    the last step: what each code stands for, solved for
    loop        the training as a stage that can be put down and taken up
    verdict     what it is worth, in words
    job         what is to be trained on and how
    closing     how long it takes from the last step to the finished codebook
    assembly    from a trained model to a codebook
    clustering  a codebook in seconds, without a network
    held_out    what it makes of sounds that it was not trained on
    sample      a sound of it
    build       all of that, and the folder

Torch is imported by all of these that train a network.
"""
