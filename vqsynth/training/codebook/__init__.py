"""From a folder of sounds to a codebook.

    corpus      the frames of the sounds, and how often each is drawn
    augment     random filters and noise on frames
    losses      distances between a decoded spectrum and its frame
    trainer     the training config, and one step of the training
    settling    the last step: the decoder's last layer, solved by least squares
    loop        the training as a stage that can be stopped and resumed
    verdict     the quality of a codebook, in words
    job         the sounds and options of a training
    closing     the time from the last step to the finished codebook
    averaging   the mean spectrum of the frames of each code
    onsets      the onsets of the sounds
    assembly    a trained model to a codebook
    clustering  a codebook in seconds, without a network
    held_out    errors of sounds that were not trained on
    sample      a sound that shows the codebook
    build       the whole training, from sounds to the saved codebook

The modules that train a network import torch.
"""
