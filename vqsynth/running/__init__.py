"""What the program does around the computation.

    forking      processes that are forked after torch or faiss has worked
    interrupts   Ctrl-C and other signals, handled between two steps
    progress     the progress display of long work

Every other room may import from this one.
"""
