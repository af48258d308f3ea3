"""The studio: a page in the browser to draw curves and hear them, and the server on this machine that it asks.

    sending      a codebook as bytes that the page reads
    bounds       how much the server takes
    jobs         one worker, whose newest request wins
    scratch      temporary files, for what other rooms read and write as files
    bodies       what requests hold, checked
    shelf        codebooks and models by name
    sessions     the documents that the page saves and opens
    hearing      a sound to curves
    correcting   drawn targets to a corrected path
    exporting    paths to sounds, path files, reports
    gliding      latent paths: encoded, mixed, bent, heard
    trainee      the process of a training
    trainings    a training that the page starts, stops and resumes
    guard        who may ask: token, Host, Origin, sizes
    answering    errors, results and sound as answers
    app          the routes
    serving      the port, the address, the browser

The page itself lies in `static/`: plain modules, `engine/` to choose and play, `ui/` to draw.

Starlette and uvicorn come with the extra `vqsynth[studio]`. The server listens on the loopback address only, and
needs no network. The page chooses codes and plays by itself; it asks the server for what is slow or needs torch.
"""
