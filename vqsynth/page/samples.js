"use strict";

/** Play the short sounds of codes, signed bytes under a peak each; `about` holds sr, length and peaks. */
function makePlayer(about, readText) {
  let context = null, samples = null, playing = null;
  return (row) => {
    context = context || new AudioContext();
    samples = samples || Int8Array.from(atob(readText()), (c) => c.charCodeAt(0));
    const buffer = context.createBuffer(1, about.length, about.sr), channel = buffer.getChannelData(0);
    for (let i = 0; i < about.length; i++) channel[i] = (samples[row * about.length + i] / 127) * about.peaks[row];
    if (playing) playing.stop();
    playing = new AudioBufferSourceNode(context, { buffer });
    playing.connect(context.destination);
    context.resume();
    playing.start();
  };
}
