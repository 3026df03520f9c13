// Ears and mouth of the side-by-side page: samples from the WebSocket to the loudspeaker, from the microphone to it.
// 48 kHz, mono, signed 16 bit, little-endian.
"use strict";

window.earshot = (() => {
  const RATE = 48000;
  const LEAD = 0.15;  // seconds of buffer: what a busy machine may be late
  const MOST = 0.6;
  let loudspeaker = null;
  let next = 0;
  let microphone = null;
  let asked = null;

  // Browsers let pages sound only from a click: call this from one.
  function open() {
    loudspeaker ||= new AudioContext({ sampleRate: RATE });
    void loudspeaker.resume();
    next = 0;
  }

  function play(bytes) {
    if (!loudspeaker || loudspeaker.state !== "running") return;
    const now = loudspeaker.currentTime;
    if (next - now > MOST) return;  // its clock is slower than the phone's: skip a little now and then
    if (next < now + 0.005) next = now + LEAD;
    const heard = new Int16Array(bytes);
    const buffer = loudspeaker.createBuffer(1, heard.length, RATE);
    const samples = buffer.getChannelData(0);
    for (let i = 0; i < heard.length; i++) samples[i] = heard[i] / 32768;
    const source = loudspeaker.createBufferSource();
    source.buffer = buffer;
    source.connect(loudspeaker.destination);
    source.start(next);
    next += heard.length / RATE;
  }

  function quiet() {
    if (loudspeaker) void loudspeaker.suspend();
  }

  async function ready(send) {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1, echoCancellation: true } });
    const context = new AudioContext();
    await context.audioWorklet.addModule("/mouth.js");
    const mouth = new AudioWorkletNode(context, "mouth", { numberOfOutputs: 0, channelCount: 1, channelCountMode: "explicit" });
    mouth.port.onmessage = (message) => send(message.data);
    context.createMediaStreamSource(stream).connect(mouth);
    return { context, stream };
  }

  // The microphone's samples go to `send` from now until `close`. Throws where there is none, or it is refused.
  async function speak(send) {
    if (!navigator.mediaDevices) throw new Error("this browser gives pages no microphone here");
    asked ||= ready(send);
    try {
      microphone = await asked;
    } catch (refusal) {
      asked = null;
      throw refusal;
    }
  }

  // The browser's sign that it listens goes out with this.
  function close() {
    if (!microphone) return;
    for (const track of microphone.stream.getTracks()) track.stop();
    void microphone.context.close();
    microphone = asked = null;
  }

  return { open, play, quiet, speak, close };
})();
