// Runs on the audio thread: hands every 20 ms of what arrives to the page, as 16-bit mono.
// An AnalyserNode would show only the latest window; a test wants the whole call.
const BLOCK = 960; // 20 ms at 48 kHz

class Recorder extends AudioWorkletProcessor {
    constructor() {
        super();
        this.block = new Int16Array(BLOCK);
        this.filled = 0;
    }

    process(inputs) {
        const channel = inputs[0][0];
        // A node without a live input is called with no channel: the recording then simply has no samples.
        if (channel) {
            for (const sample of channel) {
                this.push(sample);
            }
        }
        return true;
    }

    push(sample) {
        this.block[this.filled++] = Math.round(Math.max(-1, Math.min(1, sample)) * 32767);
        if (this.filled === BLOCK) {
            const full = this.block;
            this.block = new Int16Array(BLOCK);
            this.filled = 0;
            this.port.postMessage(full, [full.buffer]);
        }
    }
}

registerProcessor('recorder', Recorder);
