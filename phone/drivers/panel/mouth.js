// The microphone's samples in pieces of 20 ms at 48 kHz, whatever rate the machine's card has.
"use strict";

const PIECE = 960;

class Mouth extends AudioWorkletProcessor {
  constructor() {
    super();
    this.step = sampleRate / 48000;
    this.last = 0;  // the input sample before this block
    this.at = 0;  // where the next output sample lies, counted from it
    this.piece = new Int16Array(PIECE);
    this.filled = 0;
  }

  process([input]) {
    const block = input[0];
    if (!block) return true;
    while (this.at < block.length) {
      const whole = Math.floor(this.at);
      const before = whole ? block[whole - 1] : this.last;
      this.put(before + (block[whole] - before) * (this.at - whole));
      this.at += this.step;
    }
    this.at -= block.length;
    this.last = block[block.length - 1];
    return true;
  }

  put(sample) {
    this.piece[this.filled++] = Math.max(-32768, Math.min(32767, Math.round(sample * 32767)));
    if (this.filled < PIECE) return;
    this.port.postMessage(this.piece.buffer, [this.piece.buffer]);
    this.piece = new Int16Array(PIECE);
    this.filled = 0;
  }
}

registerProcessor("mouth", Mouth);
